import Orchestration

/// Whether podman, at the other end of the socket, is one that stacks can run on.
actor Engine {
    private let client: PodmanClient
    private var isKnownGood = false

    static let oldest = (4, 3)

    init(client: PodmanClient) { self.client = client }

    /// Looks once, and sets the firewall each time: somebody may have flushed it. Throws `StepError`, which names the fix.
    func check() async throws {
        if !isKnownGood { try await look() }
        isKnownGood = true
        try await Firewall.ensure()
    }

    private func look() async throws {
        struct Version: Decodable {
            var version: String
            private enum CodingKeys: String, CodingKey { case version = "Version" }
        }
        struct Info: Decodable {
            struct Host: Decodable {
                struct Security: Decodable { var rootless: Bool }
                var networkBackend: String?
                var security: Security
            }
            var host: Host
        }
        let version: Version = try await client.get("/version")
        if let problem = Self.problem(version: version.version) { throw StepError(problem, isRetryable: true) }
        let info: Info = try await client.get("/info")
        guard info.host.networkBackend == "netavark" else {
            throw StepError(
                "podman uses the network backend \(info.host.networkBackend ?? "cni"); install netavark and aardvark-dns, and set network_backend = \"netavark\" in containers.conf",
                isRetryable: true)
        }
        guard !info.host.security.rootless else {
            throw StepError(
                "this podman is rootless, and its pods can't be reached from here; run Slingshot as root, or set `socket` to root's podman",
                isRetryable: true)
        }
    }

    /// Why a version can't be used; nil when it can.
    static func problem(version: String) -> String? {
        let numbers = version.split(separator: ".").prefix(2).compactMap { Int($0.prefix { $0.isNumber }) }
        guard numbers.count == 2 else { return "podman says that its version is \(version.oneLine(limit: 40)); 4.3 or newer is needed" }
        return (numbers[0], numbers[1]) >= oldest ? nil : "podman \(version.oneLine(limit: 40)) is too old; install 4.3 or newer"
    }
}
