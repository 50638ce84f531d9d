import Orchestration

/// Keeps containers away from the machine that they run on.
///
/// A stack's network is internal: it has no route to anywhere else. What is left is the machine's own address on it, at which everything
/// answers that listens on all addresses. So whatever comes from one of our bridges is refused, but for questions to podman's name server
/// and the answers to the machine's own requests (probes, and those of a proxy). The bridges' names begin alike, so that a few rules that
/// never change are enough for all stacks.
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

    /// Makes the rules that are missing. Throws `StepError`: without them nothing is started.
    static func ensure() async throws {
        for (tool, v6) in [("iptables", false), ("ip6tables", true)] {
            let jump = ["INPUT", "-i", "\(interfacePrefix)+", "-j", chain]
            _ = try await Tool.run(tool, ["-w", "-N", chain])  // fails when it is there
            for rule in rules(v6: v6) where !(try await Tool.run(tool, ["-w", "-C", chain] + rule)).succeeded {
                try await must(tool, ["-w", "-F", chain])
                for rule in rules(v6: v6) { try await must(tool, ["-w", "-A", chain] + rule) }
                break
            }
            if !(try await Tool.run(tool, ["-w", "-C"] + jump)).succeeded { try await must(tool, ["-w", "-I"] + jump) }
        }
    }

    private static func must(_ tool: String, _ arguments: [String]) async throws {
        let outcome = try await Tool.run(tool, arguments)
        guard outcome.succeeded else {
            throw StepError(
                "the firewall that keeps stacks from this machine can't be set: \(tool): \(outcome.complaint)", isRetryable: true)
        }
    }
}

/// Takes what arrives at a Service's port to the container's, inside the pod's own network namespace.
enum Redirection {
    static func set(_ redirects: [PortRedirect], address: String, sandbox: String) async throws {
        for redirect in redirects {
            for rule in rules(redirect, address: address) {
                let place = ["--net=\(sandbox)", "iptables", "-w", "-t", "nat"]
                if try await Tool.run("nsenter", place + ["-C"] + rule).succeeded { continue }
                let outcome = try await Tool.run("nsenter", place + ["-A"] + rule)
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
