extension ClusterConfiguration {
    /// Who to act as (kubernetes.io, "User impersonation"). The user that authenticates needs the right to `impersonate`.
    public struct Impersonation: Hashable, Sendable {
        public var user: String
        public var groups: [String]
        public var uid: String?
        public var extra: [String: [String]]

        public init(user: String, groups: [String] = [], uid: String? = nil, extra: [String: [String]] = [:]) {
            self.user = user
            self.groups = groups
            self.uid = uid
            self.extra = extra
        }

        /// The headers that say so, in a stable order.
        var headers: [(name: String, value: String)] {
            var headers = [("Impersonate-User", user)] + groups.map { ("Impersonate-Group", $0) }
            if let uid { headers.append(("Impersonate-Uid", uid)) }
            for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
                headers += values.map { ("Impersonate-Extra-" + Self.headerName(key), $0) }
            }
            return headers
        }

        /// Percent-encodes what can't stand in a header's name (RFC 9110, `token`), and `%` itself, as client-go does.
        private static func headerName(_ key: String) -> String {
            let digits = Array("0123456789ABCDEF".utf8)
            let kept = Set("!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
            let bytes = key.utf8.flatMap { byte in
                kept.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
