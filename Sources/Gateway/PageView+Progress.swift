import Foundation
import StagingModel

/// How far a stack has come, and what it did.
extension PageView {
    static let mostSteps = 20

    /// The line from the delivery to the app; none for a stack that goes or went. `building` is one of them for who builds.
    static func stages(of stack: Stack, events: [StackEvent]) -> [Stage] {
        let failedAt: Phase =
            switch stack.failure?.step {
            case "ask", "fetch": .queued
            case "build": .building
            default: .deploying
            }
        let at: Phase
        switch stack.phase {
        case .queued, .waiting: at = .queued
        case .building, .deploying, .ready: at = stack.phase
        case .failed: at = failedAt
        case .sleeping, .destroying, .destroyed: return []
        }
        let builds = at == .building || events.contains { $0.name == "build" }
        let phases: [Phase] = [.queued] + (builds ? [.building] : []) + [.deploying, .ready]
        let index = phases.firstIndex(of: at) ?? 0
        return phases.enumerated().map { position, phase in
            let state: Stage.State =
                position < index
                ? .done : position > index ? .pending : stack.phase == .failed ? .failed : phase == .ready ? .done : .current
            return Stage(name: phase.rawValue.prefix(1).uppercased() + phase.rawValue.dropFirst(), state: state)
        }
    }

    /// The events as steps with their durations: a step lasts until the next thing happens, and becomes its own outcome.
    ///
    /// - Parameter isUnderWay: whether the last one still goes on.
    static func steps(_ events: [StackEvent], isUnderWay: Bool, at now: Date) -> [Step] {
        var steps: [(step: Step, name: String, at: Date)] = []
        // Whether the forge shows the stack is nothing to its visitors.
        for event in events where event.name != StackEvent.feedback {
            let kind: Step.Kind =
                switch event.kind {
                case .delivery, .request, .decision: .note
                case .step: .running
                case .outcome: .outcome
                case .failure: .failure
                }
            // A commit's name is for machines.
            let message = String(event.message.prefix(1_000).replacing(/\b[0-9a-f]{40}\b/) { $0.output.prefix(7) })
            if let last = steps.last, last.step.kind == .running {
                let index = steps.count - 1
                steps[index].step.seconds = max(Int(event.at.timeIntervalSince(last.at)), 0)
                steps[index].step.kind = .outcome
                if last.name == event.name, kind == .outcome || kind == .failure {
                    steps[index].step.kind = kind
                    steps[index].step.message = message
                    continue
                }
            }
            let instant = event.at.rfc3339
            let step = Step(time: String(instant.dropFirst(11).dropLast()), instant: instant, kind: kind, message: message)
            steps.append((step, event.name, event.at))
        }
        if let last = steps.last, last.step.kind == .running {
            steps[steps.count - 1].step.seconds = isUnderWay ? max(Int(now.timeIntervalSince(last.at)), 0) : nil
            if !isUnderWay { steps[steps.count - 1].step.kind = .outcome }
        }
        return steps.suffix(mostSteps).map(\.step)
    }
}
