import NIOCore
import Testing

@testable import KubernetesClient

@Suite struct LineSplitterTests {
    private func lines(_ chunks: [String], limit: Int, _ format: LineSplitter.Format) throws -> [String] {
        var splitter = LineSplitter(limit: limit, format: format)
        var lines: [String] = []
        for chunk in chunks {
            splitter.append(ByteBuffer(string: chunk))
            while let line = try splitter.next() { lines.append(String(buffer: line)) }
        }
        if let rest = splitter.rest() { lines.append(String(buffer: rest)) }
        return lines
    }

    @Test(arguments: [
        (["a\nb\n"], ["a", "b"]), (["a", "b\n", "c"], ["ab", "c"]), (["\n\n"], ["", ""]), ([], []), ([""], []),
        (["a\n", "", "\nb"], ["a", "", "b"]),
        (["1234\n"], ["1234"]), (["12345\n"], ["1234", "5"]), (["123456789"], ["1234", "5678", "9"]),
        (["123", "45\n6"], ["1234", "5", "6"]),
    ])
    func chunksBecomeLines(chunks: [String], expected: [String]) throws { #expect(try lines(chunks, limit: 4, .text) == expected) }

    @Test func anUnfinishedRecordIsNone() throws { #expect(try lines(["a\nb", "c"], limit: 4, .records) == ["a"]) }

    @Test(arguments: [["12345"], ["123", "45"], ["12345\n"], ["a\n12345\n"]]) func aLongLineFails(chunks: [String]) {
        #expect(throws: KubernetesError.tooLarge(limit: 4)) { try lines(chunks, limit: 4, .records) }
    }
}
