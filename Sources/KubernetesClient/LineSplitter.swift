import AsyncHTTPClient
import NIOCore

/// Cuts chunks of bytes into lines, and holds no more than one line and one chunk.
struct LineSplitter {
    /// What to do with a line that is longer than the limit.
    enum Overflow { case fail, cut }

    let limit: Int
    let overflow: Overflow
    private var pending = ByteBuffer()
    /// How much of `pending` is known to have no newline.
    private var searched = 0

    init(limit: Int, overflow: Overflow) {
        self.limit = limit
        self.overflow = overflow
    }

    mutating func append(_ chunk: ByteBuffer) {
        var chunk = chunk
        if pending.readableBytes == 0 {
            pending = chunk
        } else {
            pending.discardReadBytes()
            pending.writeBuffer(&chunk)
        }
    }

    /// The next whole line, without its end; nil when more bytes are needed.
    mutating func next() throws(KubernetesError) -> ByteBuffer? {
        let view = pending.readableBytesView
        if let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) {
            let length = end - view.startIndex
            if length <= limit {
                let line = pending.readSlice(length: length)
                pending.moveReaderIndex(forwardBy: 1)
                searched = 0
                return line
            }
        } else {
            searched = view.count
        }
        guard pending.readableBytes > limit else { return nil }
        guard overflow == .cut else { throw .tooLarge(limit: limit) }
        searched = 0
        return pending.readSlice(length: limit)
    }

    /// What is left when the stream ends without a newline.
    mutating func rest() -> ByteBuffer? { pending.readableBytes == 0 ? nil : pending.readSlice(length: pending.readableBytes) }
}

/// The lines of an answer's body.
struct Lines {
    private var splitter: LineSplitter
    private var chunks: HTTPClientResponse.Body.AsyncIterator

    init(_ body: HTTPClientResponse.Body, limit: Int, overflow: LineSplitter.Overflow) {
        splitter = LineSplitter(limit: limit, overflow: overflow)
        chunks = body.makeAsyncIterator()
    }

    /// Nil at the end of the body.
    mutating func next() async throws -> ByteBuffer? {
        while true {
            if let line = try splitter.next() { return line }
            do {
                guard let chunk = try await chunks.next(isolation: #isolation) else { return splitter.rest() }
                splitter.append(chunk)
            } catch { throw translated(error) }
        }
    }
}
