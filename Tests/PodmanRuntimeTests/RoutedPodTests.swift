import StagingModel
import Testing

@testable import PodmanRuntime

@Suite struct RoutedPodTests {
    private static func pod(_ address: String?, wanted: Bool, ready: Bool, services: [String] = ["web"]) -> RoutedPod {
        RoutedPod(services: services, address: address, isWanted: wanted, isReady: ready)
    }

    struct Case: Sendable {
        var pods: [RoutedPod]
        var addresses: [String]?
    }

    static let cases = [
        Case(pods: [pod("2", wanted: true, ready: true), pod("1", wanted: true, ready: true)], addresses: ["1", "2"]),
        Case(pods: [pod("1", wanted: true, ready: true), pod("2", wanted: true, ready: false)], addresses: ["1"]),
        // An update: the old ones answer until a new one is ready, and then no more.
        Case(pods: [pod("old", wanted: false, ready: true), pod("new", wanted: true, ready: false)], addresses: ["old"]),
        Case(pods: [pod("old", wanted: false, ready: true), pod("new", wanted: true, ready: true)], addresses: ["new"]),
        Case(pods: [pod("old", wanted: false, ready: true), pod(nil, wanted: true, ready: false)], addresses: ["old"]),
        // Nobody is ready, or nothing is known yet.
        Case(pods: [pod("old", wanted: false, ready: false), pod("new", wanted: true, ready: false)], addresses: ["new"]),
        Case(pods: [pod(nil, wanted: true, ready: false)], addresses: nil),
        // No pod is selected, or none is wanted.
        Case(pods: [pod("1", wanted: true, ready: true, services: ["api"])], addresses: []),
        Case(pods: [pod("old", wanted: false, ready: false)], addresses: []),
        Case(pods: [], addresses: []),
    ]

    @Test(arguments: cases) func `a rule leads to the pods behind its Service`(given: Case) {
        let rule = RouteRule(host: "h", service: "web", port: 80)
        #expect(given.pods.addresses(of: rule) == given.addresses)
    }

    @Test func `a record keeps the rules`() throws {
        let rule = RouteRule(host: "h", isExact: true, transport: .h2c, service: "web", port: nil)
        let record = StackRecord(
            stack: try #require(StackName("shop-7")), namespace: "staging-shop-7", uid: "n1", generation: 3, annotations: [:], rules: [rule]
        )
        #expect(StackRecord(labels: record.labels, uid: nil) == record)
    }
}
