import Foundation
import StagingModel
import Testing

@testable import Webhooks

/// What `doctor` sends is what a forge could send, and changes nothing.
@Suite struct TrialDeliveryTests {
    private let now = Date(timeIntervalSince1970: 1_780_000_000)

    private func delivery(of forge: Forge, _ repository: String, secret: String) throws -> Delivery {
        let secret = try #require(WebhookSecret(Array(secret.utf8)))
        let trial = TrialDelivery(of: forge, repository: repository, secret: secret, id: "trial-1", at: now)
        return Delivery(forge: forge.rawValue, headers: trial.headers.map { ($0.key, $0.value) }, body: trial.body, receivedAt: now)
    }

    private func receiver(_ forge: Forge, _ repository: String, secret: String) throws -> WebhookReceiver {
        let secret = try #require(WebhookSecret(Array(secret.utf8)))
        let name = try #require(RepositoryName("shop"))
        return WebhookReceiver(
            adapters: Forge.allCases.map(\.adapter),
            subscriptions: [Subscription(repository: name, forge: forge.rawValue, fullName: repository, secret: secret)])
    }

    @Test(arguments: Forge.allCases, ["plain", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    func `it is received, and nothing comes of it`(forge: Forge, secret: String) throws {
        for repository in forge == .bitbucketServer ? ["SHOP/shop", "~ada/shop"] : ["acme/shop"] {
            let delivery = try delivery(of: forge, repository, secret: secret)
            let receiver = try receiver(forge, repository, secret: secret)
            try receiver.checkHeaders(of: delivery)
            let verified = try receiver.receive(delivery)
            #expect(verified.repository?.description == "shop")
            switch verified.message {
            case .ping, .ignored: break
            default: Issue.record("\(verified.message)")
            }
        }
    }

    @Test(arguments: Forge.allCases) func `another secret is refused, and another repository not known`(forge: Forge) throws {
        #expect(throws: DeliveryRejection.wrongSignature) {
            _ = try receiver(forge, "acme/shop", secret: "one").receive(try delivery(of: forge, "acme/shop", secret: "other"))
        }
        #expect(throws: DeliveryRejection.unknownRepository("acme/other")) {
            _ = try receiver(forge, "acme/shop", secret: "one").receive(try delivery(of: forge, "acme/other", secret: "one"))
        }
    }
}
