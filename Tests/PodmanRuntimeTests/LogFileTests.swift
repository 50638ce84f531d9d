import Foundation
import SlingshotTestSupport
import Testing

@testable import PodmanRuntime

@Suite struct LogFileTests {
    private func texts(_ lines: [String]) -> [String] {
        var assembly = LogAssembly()
        let whole = assembly.append(Array(lines.map { "\($0)\n" }.joined().utf8)[...])
        return (whole + assembly.flush(before: .distantFuture)).map(\.text)
    }

    @Test func piecesOfALineAreOneLineWhateverCameBetween() {
        let lines = [
            "2026-11-21T08:00:00.000000001+00:00 stdout P one, ", "2026-11-21T08:00:00.000000002+00:00 stderr F other",
            "2026-11-21T08:00:00.000000003+00:00 stdout F line", "2026-11-21T08:00:00.000000004+00:00 stdout F ",
            "2026-11-21T08:00:00.000000005+00:00 stdout P end",
        ]
        #expect(texts(lines) == ["other", "one, line", "", "end"])
    }

    @Test func whatTheRunBeforeDidNotEndIsALineOfItsOwn() {
        let lines = ["2026-11-21T08:00:00.900000000+00:00 stdout P last words", "2026-11-21T08:00:01.900000000+00:00 stdout F first"]
        #expect(texts(lines) == ["last words", "first"])
    }

    @Test func aLongLineComesInPieces() {
        let part = String(repeating: "x", count: 8_191)
        let pieces = texts(Array(repeating: "2026-11-21T08:00:00.000000001+00:00 stdout P \(part)", count: 5))
        #expect(pieces.map(\.count) == [16_382, 16_382, 8_191])
    }

    @Test(arguments: [
        ("2026-11-21T08:00:00.123456789+00:00", "2026-11-21T08:00:00.123456789Z"),
        ("2026-11-21T01:30:00.5-06:30", "2026-11-21T08:00:00.500000000Z"), ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00.000000000Z"),
        ("yesterday", nil), ("", nil),
    ])
    func timesAreComparable(text: String, time: String?) { #expect(LogAssembly.time(text) == time) }

    @Test(arguments: [
        ("2026-11-21T08:00:00.600000001Z", 0.5, "2026-11-21T08:00:01.100000001Z"),
        ("2026-11-21T08:00:00.600000001Z", -1, "2026-11-21T07:59:59.600000001Z"),
        ("2026-11-21T08:00:00.200000000Z", -0.5, "2026-11-21T07:59:59.700000000Z"),
    ])
    func timesAreShifted(time: String, seconds: Double, result: String) { #expect(LogAssembly.time(time, plus: seconds) == result) }

    @Test func aRunThatNeverEndedIsBeforeAll() {
        let never = LogAssembly.time("0001-01-01T00:00:00Z") ?? "9"
        #expect(LogAssembly.time(never, plus: 0.5) < "1970")
    }

    @Test func whatIsRotatedOrRemovedIsReadToItsEnd() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "ctr.log")
            func line(_ text: String) -> Data { Data("2026-11-21T08:00:00.000000001+00:00 stdout F \(text)\n".utf8) }
            #expect(try LogFile(path: path.path) == nil)
            try line("one").write(to: path)
            let file = try #require(try LogFile(path: path.path))
            #expect(file.next(at: .now)?.map(\.text) == ["one"])
            #expect(file.next(at: .now)?.isEmpty == true)
            let handle = try FileHandle(forWritingTo: path)
            try handle.seekToEnd()
            try handle.write(contentsOf: line("two"))
            try line("three").write(to: path, options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.path)
            #expect(file.next(at: .now)?.map(\.text) == ["two"])
            #expect(file.next(at: .now)?.map(\.text) == ["three"])
            try FileManager.default.removeItem(at: path)
            #expect(file.next(at: .now) == nil)
        }
    }

    @Test func theLastLinesThatCountAreKept() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "ctr.log")
            let lines = (0..<30_000).map { "2026-11-21T08:00:00.0000\(String(format: "%05d", $0))+00:00 stdout F \($0)\n" }
            try Data(lines.joined().utf8).write(to: path)
            func tail(_ most: Int, bytes: Int) throws -> [String] {
                try #require(try LogFile(path: path.path)).tail(most, bytes: bytes) { $0.text != "29999" }.map(\.text)
            }
            #expect(try tail(2, bytes: 1 << 20) == ["29997", "29998"])
            #expect(try tail(10, bytes: 200) == ["29997", "29998"])
            #expect(try tail(100_000, bytes: 1 << 30).count == 29_999)
            #expect(try tail(0, bytes: 1 << 20).isEmpty)
        }
    }
}
