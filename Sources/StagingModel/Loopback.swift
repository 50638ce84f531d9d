/// The names that lead to this machine and to nobody on the way to it.
public enum Loopback {
    /// Whether `host`, with an IPv6 address' brackets or without, is one.
    public static func contains(_ host: String) -> Bool { ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host) }
}
