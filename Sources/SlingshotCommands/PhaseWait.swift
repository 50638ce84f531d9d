import ControlAPI
import Foundation
import Orchestration
import StagingModel

/// Follows a stack until it is in a phase, with a progress line where somebody watches.
struct PhaseWait {
    let client: ControlClient
    let clock: any WallClock
    /// How long to wait at the most.
    let seconds: Int

    /// Throws ``CommandFailure`` when the stack fails or goes instead, and when the time is up.
    func wait(for phase: Phase, of name: String) async throws -> StackView {
        let deadline = clock.now.addingTimeInterval(TimeInterval(seconds))
        defer { Terminal.endProgress() }
        var shown = ""
        while true {
            let view = try await client.stack(name)
            if view.phase == phase { return view }
            if phase != .failed, view.phase == .failed { throw CommandFailure("\(name) failed: \(view.message)") }
            if view.phase == .destroyed { throw CommandFailure("\(name) is destroyed: \(view.message)") }
            let now = clock.now
            guard now < deadline else {
                throw CommandFailure(
                    "\(name) was not \(phase.rawValue) after \(DurationText.text(seconds)); it is \(view.phase.rawValue): \(view.message)",
                    exitCode: ExitCodes.timedOut)
            }
            let line = "\(name): \(view.phase.rawValue): \(view.message)"
            if line != shown { Terminal.progress(line) }
            shown = line
            try await clock.sleep(until: min(deadline, now.addingTimeInterval(0.5)))
        }
    }
}
