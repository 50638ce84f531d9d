import Foundation
import Orchestration
import StagingModel

/// Ends a build that takes too long or fills the disk.
struct BuildGuard: Sendable {
    let settings: BuildSettings
    /// A folder on the file system that podman's storage is on.
    let storage: URL
    let clock: any WallClock

    /// Seconds between two looks at the disk: one that is written at 1 GB/s loses half of one meanwhile.
    private static let pace = 0.5

    /// Throws `StepError` where the disk has no room for a build.
    func admit() throws {
        guard let free = free, free < settings.floor else { return }
        throw StepError(
            "the disk of \(storage.path) has \(Self.text(free)) left, and a build begins with \(Self.text(settings.floor)) or more (`builds.free`); make room",
            isRetryable: true)
    }

    /// Runs `body`, and cancels it when it is past a limit. Throws what it throws, and `StepError`.
    func watch<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        let start = free
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(until: clock.now.addingTimeInterval(TimeInterval(settings.timeout)))
                throw StepError(
                    "it took longer than \(DurationText.text(settings.timeout)) (`builds.timeout`) and was ended; make it faster, or end what does not end",
                    isRetryable: false)
            }
            group.addTask {
                while true {
                    try await clock.sleep(until: clock.now.addingTimeInterval(Self.pace))
                    if let start, let free { try check(start: start, free: free) }
                }
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() { if let ended { return ended } }
            throw CancellationError()
        }
    }

    private func check(start: Int64, free: Int64) throws(StepError) {
        if start - free > settings.size {
            throw StepError(
                "it wrote more than \(Self.text(settings.size)) (`builds.size`) and was ended; make it write less", isRetryable: false)
        }
        // below the floor by others' doing too: but it is the build that can be tried again
        if free < settings.floor / 2 {
            throw StepError("it was ended because the disk has \(Self.text(free)) left; make room on the machine", isRetryable: true)
        }
    }

    /// Bytes; nil when nobody knows.
    private var free: Int64? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: storage.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }

    private static func text(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return value == value.rounded() ? "\(Int(value)) \(units[unit])" : "\((value * 10).rounded() / 10) \(units[unit])"
    }
}
