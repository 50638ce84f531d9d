import Foundation
import StagingModel

/// What is done to the copies of a stack that moves.
extension StackWorker {
    /// Destroys a copy, and returns when its engine says that it is gone. Repeatable: it begins with what the engine has.
    func retire(_ step: Step, _ copy: Placement) async throws {
        let runtime = try engines.runtime(of: copy)
        let found: ObservedStack
        switch try await runtime.observe(name) {
        case .absent: return try await retired(step, copy, "\(copy.runtime) has nothing of the stack")
        case .foreign(let what): return try await retired(step, copy, what)
        case .present(let namespace): found = namespace
        }
        if let recorded = copy.namespaceUID, recorded != found.uid {
            let text = "namespace \(found.namespace) on \(copy.runtime) is another one by now (UID \(found.uid)); it was left alone"
            return try await retired(step, copy, text)
        }
        if copy.namespaceUID == nil {
            try await record(step, name: "adopt", "the namespace with UID \(found.uid) on \(copy.runtime) is this stack's") {
                $0.changeCopy(on: copy.runtime) { $0.namespaceUID = found.uid }
            }
        }
        if !found.isTerminating {
            let removed = try await runtime.destroy(name, uid: found.uid)
            try await record(step, "destroying namespace UID \(found.uid) on \(copy.runtime): \(Self.text(removed))") {
                // Nobody is led there any more.
                $0.changeCopy(on: copy.runtime) { $0.deployed = nil }
            }
        }
        let started = engines.clock.now
        try await runtime.awaitGone(name, uid: found.uid) { holding in
            try await record(step, kind: .step, name: "progress", "waiting for \(copy.runtime): \(holding)") { _ in }
        }
        let seconds = max(Int(engines.clock.now.timeIntervalSince(started)), 0)
        try await retired(
            step, copy, "\(copy.runtime) says that namespace UID \(found.uid) is gone (\(DurationText.text(seconds)))")
    }

    private func retired(_ step: Step, _ copy: Placement, _ text: String) async throws {
        try await record(step, name: "retired", text) { $0.retired(from: copy.runtime) }
    }

    /// Writes the lease on a copy's namespace, so that no reaper ends it before its time. One that is gone is no more than left to `retire`.
    func renew(_ step: Step, _ lease: Lease, _ copy: Placement) async throws {
        let runtime = try engines.runtime(of: copy)
        guard let uid = copy.namespaceUID, case .present(let found) = try await runtime.observe(name), found.uid == uid,
            !found.isTerminating
        else {
            return try await record(step, "what ran on \(copy.runtime) runs no more") {
                $0.changeCopy(on: copy.runtime) { $0.deployed = nil }
            }
        }
        try await runtime.renew(lease, of: name, uid: uid)
        try await record(step, "wrote the lease's end, \(lease.expiresAt?.rfc3339 ?? StackMetadata.never), on \(copy.runtime) too") {
            $0.changeCopy(on: copy.runtime) { $0.lease = lease }
        }
    }
}
