import AsyncHTTPClient
import NIOCore

/// Cuts chunks of bytes into lines, and holds no more than one line and one chunk.
struct LineSplitter {
    enum Format {
        /// Each line is a record: one over the limit is an error, and one that the stream ends in the middle of is none.
        case records
        /// A line over the limit comes in pieces, and the last needs no newline.
        case text
    }

    let limit: Int
    let format: Format
    private var pending = ByteBuffer()
    /// How much of `pending` is known to have no newline.
    private var searched = 0

    init(limit: Int, format: Format) {
        self.limit = limit
        self.format = format
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
        guard format == .text else { throw .tooLarge(limit: limit) }
        searched = 0
        return pending.readSlice(length: limit)
    }

    /// What is left when the stream ends without a newline.
    mutating func rest() -> ByteBuffer? {
        guard format == .text, pending.readableBytes > 0 else { return nil }
        return pending.readSlice(length: pending.readableBytes)
    }
}

/// The lines of an answer's body.
struct Lines {
    /// The server said nothing for so long that it is better asked again.
    struct Silence: Error {}

    private var splitter: LineSplitter
    private var chunks: HTTPClientResponse.Body.AsyncIterator

    init(_ body: HTTPClientResponse.Body, limit: Int, format: LineSplitter.Format) {
        splitter = LineSplitter(limit: limit, format: format)
        chunks = body.makeAsyncIterator()
    }

    /// Nil at the end of the body.
    ///
    /// - Throws: ``Silence`` when nothing came for too long.
    mutating func next() async throws -> ByteBuffer? {
        while true {
            if let line = try splitter.next() { return line }
            do {
                guard let chunk = try await chunks.next(isolation: #isolation) else { return splitter.rest() }
                splitter.append(chunk)
            } catch { throw isSilence(error) ? Silence() : translated(error) }
        }
    }
}
