import Dispatch
import Foundation
import Glibc
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1: one connection after the other, one request each.
final class LoopbackServer: Sendable {
    struct Request {
        var method: String
        var path: String
        var query: String
        var headers: [String: String]
        var body: Data
    }

    enum Answer: Sendable {
        case response(status: String, headers: [String: String], body: Data)
        /// Leaves the connection open and says nothing.
        case silence
        /// Says these bytes, and closes.
        case bytes(Data)
        /// Says the first, and then the second again and again, every so many milliseconds, until the client has had enough.
        case endless(Data, Data, pause: Int32)
    }

    let port: UInt16
    private let listener: Int32
    private let silent = Mutex<[Int32]>([])

    init(_ answer: @escaping @Sendable (Request) throws -> Answer) throws {
        let (listener, port) = try listeningSocket()
        self.port = port
        self.listener = listener
        DispatchQueue(label: "loopback").async { [weak self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)  // no program that another test starts may keep it open
                switch Self.read(connection).flatMap({ try? answer($0) }) {
                case nil, .silence?:
                    self?.silent.withLock { $0.append(connection) }
                    continue
                case .response(let status, let headers, let body)?:
                    let fields = headers.merging(["Content-Length": "\(body.count)", "Connection": "close"]) { $1 }
                    let head = "HTTP/1.1 \(status)\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
                    Self.write(Data(head.utf8) + body, to: connection)
                case .bytes(let bytes)?:
                    Self.write(bytes, to: connection)
                case .endless(let first, let again, let pause)?:
                    var goesOn = Self.write(first, to: connection)
                    while goesOn {
                        let hungUp: Int16 = 0x2000  // POLLRDHUP
                        var state = pollfd(fd: connection, events: hungUp, revents: 0)
                        goesOn = poll(&state, 1, pause) == 0 && Self.write(again, to: connection)
                    }
                }
                close(connection)
            }
            close(listener)
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        silent.withLock { $0.forEach { _ = close($0) } }
    }

    /// Serves the repositories in a folder to whom it admits.
    convenience init(serving folder: String, admitting isAdmitted: @escaping @Sendable (Request) -> Bool = { _ in true }) throws {
        let backend = Self.backend(folder)
        try self.init { request in
            guard isAdmitted(request) else {
                return .response(status: "401 Unauthorized", headers: ["WWW-Authenticate": "Basic realm=\"git\""], body: Data())
            }
            return try backend(request)
        }
    }

    /// What `git http-backend` answers behind a web server, for the repositories in a folder.
    static func backend(_ folder: String) -> @Sendable (Request) throws -> Answer {
        { request in
            let environment = [
                "GIT_PROJECT_ROOT": folder, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": request.path, "QUERY_STRING": request.query,
                "REQUEST_METHOD": request.method, "CONTENT_TYPE": request.headers["content-type"] ?? "",
                "CONTENT_LENGTH": "\(request.body.count)", "GIT_PROTOCOL": request.headers["git-protocol"] ?? "",
                "HTTP_CONTENT_ENCODING": request.headers["content-encoding"] ?? "",
            ]
            let output = try run(["git", "http-backend"], environment: environment, input: request.body)
            guard let end = output.range(of: Data("\r\n\r\n".utf8)) else { return .silence }
            var headers = fields(String(decoding: output[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n"))
            let status = headers.removeValue(forKey: "status") ?? "200 OK"
            return .response(status: status, headers: headers, body: output[end.upperBound...])
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = bytes.range(of: Data("\r\n\r\n".utf8)) {
                var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
                let start = lines.removeFirst().split(separator: " ")
                let target = start[1].split(separator: "?", maxSplits: 1)
                let headers = fields(lines)
                if bytes.count - end.upperBound >= Int(headers["content-length"] ?? "0") ?? 0 {
                    return Request(
                        method: String(start[0]), path: String(target[0]), query: target.count > 1 ? String(target[1]) : "",
                        headers: headers,
                        body: bytes[end.upperBound...])
                }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    private static func fields(_ lines: [Substring]) -> [String: String] {
        let pairs = lines.map { $0.split(separator: ":", maxSplits: 1) }.filter { $0.count == 2 }
        return Dictionary(pairs.map { ($0[0].lowercased(), $0[1].trimmingCharacters(in: .whitespaces)) }) { $1 }
    }

    /// False when the client has gone.
    @discardableResult
    private static func write(_ data: Data, to connection: Int32) -> Bool {
        var rest = Array(data)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
