import StagingModel
import Testing

@Suite struct TarHeaderTests {
    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

    @Test func `a short name fits in one block`() {
        let header = TarHeader(path: Array("a/b".utf8), kind: .file(size: 5), mode: 0o755, modified: 8).bytes
        #expect(header.count == 512)
        #expect(text(header[0..<100]) == "a/b" && text(header[100..<108]) == "0000755" && text(header[124..<136]) == "00000000005")
        #expect(text(header[136..<148]) == "00000000010")
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        #expect(Int(text(header[148..<155]), radix: 8) == sum)
        #expect(TarHeader.padding(after: 5).count == 507 && TarHeader.padding(after: 512).isEmpty)
    }

    @Test(arguments: [101, 989, 990, 991, 4_000]) func `a long one is in a record that counts itself`(length: Int) throws {
        let path = [UInt8](repeating: UInt8(ascii: "x"), count: length)
        let bytes = TarHeader(path: path, kind: .file(size: 0), mode: 0o644).bytes
        let record = "path=\(String(decoding: path, as: UTF8.self))\n"
        let size = try #require(Int(text(bytes[124..<136]), radix: 8))
        let content = String(decoding: bytes[512..<512 + size], as: UTF8.self)
        #expect(content == "\(size) \(record)")
    }

    @Test func `links and folders`() {
        let link = TarHeader(path: Array("l".utf8), kind: .symbolicLink(to: Array("../x".utf8)), mode: 0o777).bytes
        #expect(link[156] == UInt8(ascii: "2") && text(link[157..<257]) == "../x")
        let folder = TarHeader(path: Array("f".utf8), kind: .folder, mode: 0o755).bytes
        #expect(folder[156] == UInt8(ascii: "5") && text(folder[0..<100]) == "f/")
    }
}
