import Orchestration

/// Keeps containers away from the machine that they run on.
///
/// A stack's network is internal: it has no route to anywhere else. What is left is the machine's own address on it, at which everything
/// answers that listens on all addresses. So whatever comes from one of our bridges is refused, but for questions to podman's name server
/// and the answers to the machine's own requests (probes, and those of a proxy). The bridges' names begin alike, so that a few rules that
/// never change are enough for all stacks.
///
/// The bridges of a user's podman are in a network namespace of their own, in which nothing but podman's name server listens. The same
/// rules are set there, for what the user may yet run in it.
enum Firewall {
    static let interfacePrefix = "slng"
    static let chain = "SLINGSHOT-INPUT"

    /// The rules of the chain, in order; `v6` because a container also has a link-local address, at which no name server listens.
    static func rules(v6: Bool) -> [[String]] {
        let answers = ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "RETURN"]
        if v6 {
            // without neighbour discovery not even a refusal could be sent
            return [answers, ["-p", "ipv6-icmp", "-j", "RETURN"], ["-j", "REJECT"]]
        }
        return [answers] + ["udp", "tcp"].map { ["-p", $0, "--dport", "53", "-j", "RETURN"] } + [["-j", "REJECT"]]
    }

    /// Makes the rules that are missing, on this machine or in a namespace. Throws `StepError`: without them nothing is started.
    static func ensure(in namespace: NetworkNamespace? = nil) async throws {
        let entering = namespace.map { NetworkNamespace.entering($0.member) } ?? []
        for (tool, v6) in [("iptables", false), ("ip6tables", true)] {
            let command = entering + [tool, "-w"]
            let jump = ["INPUT", "-i", "\(interfacePrefix)+", "-j", chain]
            _ = try await Tool.run(command + ["-N", chain])  // fails when it is there
            for rule in rules(v6: v6) where !(try await Tool.run(command + ["-C", chain] + rule)).succeeded {
                try await must(command + ["-F", chain])
                for rule in rules(v6: v6) { try await must(command + ["-A", chain] + rule) }
                break
            }
            if !(try await Tool.run(command + ["-C"] + jump)).succeeded { try await must(command + ["-I"] + jump) }
        }
    }

    private static func must(_ command: [String]) async throws {
        let outcome = try await Tool.run(command)
        guard outcome.succeeded else {
            throw StepError("the firewall that keeps stacks from this machine can't be set: \(outcome.complaint)", isRetryable: true)
        }
    }
}

/// Takes what arrives at a Service's port to the container's, inside the pod's own network namespace.
enum Redirection {
    /// - Parameter entering: what is put before a command to run it in there.
    static func set(_ redirects: [PortRedirect], address: String, entering: [String]) async throws {
        for redirect in redirects {
            for rule in rules(redirect, address: address) {
                let command = entering + ["iptables", "-w", "-t", "nat"]
                if try await Tool.run(command + ["-C"] + rule).succeeded { continue }
                let outcome = try await Tool.run(command + ["-A"] + rule)
                guard outcome.succeeded else {
                    throw StepError("port \(redirect.port) can't be taken to \(redirect.target): \(outcome.complaint)", isRetryable: true)
                }
            }
        }
    }

    /// For what comes from other pods, and for what the pod sends to its own name.
    static func rules(_ redirect: PortRedirect, address: String) -> [[String]] {
        let what = [
            "-p", redirect.transport, "-d", address, "--dport", "\(redirect.port)", "-j", "REDIRECT", "--to-ports", "\(redirect.target)",
        ]
        return [["PREROUTING"] + what, ["OUTPUT"] + what]
    }
}
