import NIOCore
import SystemPackage

/// A file's bytes, read as they are sent.
struct FilePieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let path: String

    func makeAsyncIterator() -> Iterator { Iterator(path: path) }

    final class Iterator: AsyncIteratorProtocol {
        private static let pieceSize = 1 << 20

        private let path: String
        private var descriptor: SystemPackage.FileDescriptor?

        init(path: String) { self.path = path }
        deinit { try? descriptor?.close() }

        func next() async throws -> ByteBuffer? {
            let file = try descriptor ?? SystemPackage.FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            descriptor = file
            var buffer = ByteBuffer()
            let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { try file.read(into: $0) }
            return count > 0 ? buffer : nil
        }
    }
}
