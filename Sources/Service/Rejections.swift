import Foundation
import Orchestration
import Synchronization

/// Counts, for each sender, the requests that were rejected: wrong signatures and tokens, unknown routes, what can't be read.
///
/// A sender that keeps at it is suspect for a while. Then its rejections are answered 429 and cost it its connection, and its
/// deliveries are verified one after another instead of side by side. None is refused for that: a forge may share its address with
/// the flood, behind a proxy say.
final class Rejections: Sendable {
    /// So many rejections in a row are nobody's flood: a misconfigured webhook, a mistyped token.
    static let allowance = 30.0
    /// So many more a second.
    static let refill = 0.5
    /// Sources that are remembered at the most.
    static let mostSenders = 4_096

    private struct Bucket {
        var left: Double
        var at: Date
    }

    private let clock: any WallClock
    private let buckets = Mutex<[Sender: Bucket]>([:])

    init(clock: any WallClock) { self.clock = clock }

    /// Counts an answer when it is a rejection. Returns for how many seconds the sender should keep still once it has used its allowance up.
    func count(_ status: Int, from sender: Sender) -> Int? {
        guard [400, 401, 404, 405, 413, 415, 429].contains(status) else { return nil }
        let now = clock.now
        return buckets.withLock { buckets in
            if buckets[sender] == nil, buckets.count >= Self.mostSenders { Self.makeRoom(in: &buckets, at: now) }
            let left = max(Self.left(buckets[sender], at: now) - 1, -Self.allowance)
            buckets[sender] = Bucket(left: left, at: now)
            return left < 0 ? Int((-left / Self.refill).rounded(.up)) : nil
        }
    }

    /// Whether the sender has used its allowance up.
    func suspects(_ sender: Sender) -> Bool {
        let now = clock.now
        return buckets.withLock { Self.left($0[sender], at: now) < 1 }
    }

    private static func left(_ bucket: Bucket?, at now: Date) -> Double {
        guard let bucket else { return allowance }
        return min(bucket.left + max(now.timeIntervalSince(bucket.at), 0) * refill, allowance)
    }

    /// Forgets the better half.
    private static func makeRoom(in buckets: inout [Sender: Bucket], at now: Date) {
        let worst = buckets.sorted { left($0.value, at: now) < left($1.value, at: now) }.prefix(mostSenders / 2)
        buckets = Dictionary(uniqueKeysWithValues: worst.map { ($0.key, $0.value) })
    }
}
