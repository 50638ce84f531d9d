import Foundation
import KubernetesClient
import StagingModel

/// Something that keeps a pod from becoming ready, in words that a developer understands.
struct PodProblem: Hashable, Sendable {
    /// What makes it the same problem from one look to the next.
    struct Key: Hashable, Sendable {
        var uid: String
        var container: String
        var category: Category
    }
    enum Category: Hashable, Sendable { case image, crash, start, schedule, replica }

    /// Where the last words of a container are.
    struct Log: Hashable, Sendable {
        var pod: String
        var container: String
        var previous: Bool
    }

    var key: Key
    /// The workload, `Deployment/web`.
    var subject: String
    var text: String
    /// Seconds that it has to last before it counts.
    var patience: Double
    var log: Log?
    /// It is an image that its registry does not have yet.
    var awaitsImage = false
    /// It is an image, and kubelet has yet to say why it can't be pulled.
    var isUnexplained = false

    /// Most problems of a starting stack pass: the database is not up yet, the node is still coming.
    static let usualPatience = 15.0
    /// For what kubelet's own retries seldom mend: a missing image, a missing secret. Long enough for an old pod, whose fix was just
    /// applied, to be replaced.
    static let shortPatience = 2.0
    /// Until kubelet has said why an image can't be pulled: its tries are up to 5 min apart.
    static let pullPatience = 330.0
}

extension Pod {
    private static let imageReasons: Set = [
        "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
    ]
    private static let usualReasons: Set = ["ContainerCreating", "PodInitializing"]

    /// What is wrong with the pod now. `pullErrors` is what was last said about each image that can't be pulled.
    func problems(pullErrors: [PodProblem.Key: String]) -> [PodProblem] {
        guard !metadata.isTerminating, status?.phase != "Succeeded" else { return [] }
        // its controller has replaced a failed pod, except a Job's, which is a result
        if status?.phase == "Failed", let controller = metadata.controller, controller.kind != "Job" { return [] }
        var problems: [PodProblem] = []
        if let unscheduled = condition("PodScheduled", is: "False"), unscheduled.reason == "Unschedulable" {
            let why = (unscheduled.message ?? "").oneLine(limit: 300)
            let fix = why.contains("Insufficient") ? "; lower what its containers request" : ""
            let text = "no node can run it: \(why)\(fix)"
            problems.append(problem("", .schedule, text))
        }
        for container in containers { if let problem = problem(of: container, pullErrors: pullErrors) { problems.append(problem) } }
        return problems
    }

    /// What kubelet says about images that can't be pulled. It says why only at the moment of a try, and "back-off" in between; since 1.32
    /// with what it said then.
    var pullErrors: [PodProblem.Key: String] {
        var errors: [PodProblem.Key: String] = [:]
        for container in containers {
            guard let waiting = container.state?.waiting, Self.imageReasons.contains(waiting.reason ?? "") else { continue }
            guard let message = waiting.message, !message.isEmpty else { continue }
            guard waiting.reason != "ImagePullBackOff" || message.contains(": ErrImagePull: ") else { continue }
            // `rpc error: … failed to resolve reference "example.com/web:1": example.com/web:1: not found`: the end is what matters
            let end = message.range(of: "\": ", options: .backwards).map { String(message[$0.upperBound...]) } ?? message
            errors[key(container.name, .image)] = (end.isEmpty ? message : end).oneLine(limit: 300)
        }
        return errors
    }

    /// The containers that run and don't say yet that they are ready.
    var unreadyContainers: [String] { (status?.containerStatuses ?? []).filter { $0.state?.running != nil && !$0.ready }.map(\.name) }

    var containers: [ContainerStatus] { (status?.initContainerStatuses ?? []) + (status?.containerStatuses ?? []) }

    private func problem(of container: ContainerStatus, pullErrors: [PodProblem.Key: String]) -> PodProblem? {
        let name = "container \"\(container.name)\""
        let reason = container.state?.waiting?.reason
        if let reason, Self.imageReasons.contains(reason) {
            let why = pullErrors[key(container.name, .image)]
            let isUnexplained = why == nil && reason == "ImagePullBackOff"
            let text = "\(name): the image \"\(container.image.oneLine(limit: 200))\" can't be pulled\(why.map { ": \($0)" } ?? "")"
            var problem = problem(
                container.name, .image, text, patience: isUnexplained ? PodProblem.pullPatience : PodProblem.shortPatience)
            problem.awaitsImage = why.map(ImageAbsence.isTold) ?? false
            problem.isUnexplained = isUnexplained
            return problem
        }
        if let problem = crash(of: container) { return problem }
        guard let reason, !Self.usualReasons.contains(reason) else { return nil }
        let message = container.state?.waiting?.message.map { ": \($0.oneLine(limit: 300))" } ?? ""
        // A name that is not there stays so; that kubelet's cache is late, as on a busy node, passes.
        let stays = reason == "CreateContainerConfigError" && !message.contains("timed out")
        let patience = stays ? PodProblem.shortPatience : PodProblem.usualPatience
        return problem(container.name, .start, "\(name) can't start: \(reason)\(message)", patience: patience)
    }

    /// A container that ended with an error counts from its first restart, and where it is not restarted at once.
    private func crash(of container: ContainerStatus) -> PodProblem? {
        guard let last = container.state?.terminated ?? container.lastState?.terminated, !container.ready else { return nil }
        let isWaiting = container.state?.waiting?.reason == "CrashLoopBackOff"
        let hasEnded =
            container.state?.terminated != nil && last.exitCode != 0 && (container.restartCount > 0 || spec?.restartPolicy == "Never")
        let isAgain = container.state?.running != nil && container.restartCount > 1
        guard isWaiting || hasEnded || isAgain else { return nil }
        let what = spec?.restartPolicy == "Never" ? "failed" : "keeps crashing"
        var why = last.reason == "OOMKilled" ? "out of memory: it needs a higher limit" : "exit code \(last.exitCode)"
        if let message = last.message, !message.isEmpty { why += ": \(message.oneLine(limit: 200))" }
        var problem = problem(container.name, .crash, "container \"\(container.name)\" \(what) (\(why))")
        problem.log = .init(pod: metadata.name, container: container.name, previous: container.state?.running != nil)
        return problem
    }

    private func key(_ container: String, _ category: PodProblem.Category) -> PodProblem.Key {
        .init(uid: metadata.uid, container: container, category: category)
    }

    private func problem(
        _ container: String, _ category: PodProblem.Category, _ text: String, patience: Double = PodProblem.usualPatience
    ) -> PodProblem {
        PodProblem(key: key(container, category), subject: owner, text: text, patience: patience)
    }
}
