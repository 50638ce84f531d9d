import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Service

@Suite struct OpenAPITests {
    @Test func `every route is in the document, and the reverse`() async throws {
        try await withTemporaryDirectory { directory in
            let (service, _) = try ServiceFixture.make(store: try SQLiteStore(directory: directory), clock: TestClock())
            let registered = Set(service.routes().table.all.map { "\($0.method.rawValue) \($0.path.description)" })
            #expect(registered == OpenAPIDocument.served.operations)
        }
    }

    @Test func `it is served to who may look`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.call(.get, "/api/v1/openapi.json")
            #expect(try OpenAPIDocument(Array(response.body.readableBytesView)).root["openapi"] == "3.1.0")
            #expect(try await fixture.call(.get, "/api/v1/openapi.json", token: nil).status == .unauthorized)
        }
    }

    @Test func `every reference leads somewhere`() {
        func references(in value: JSONValue) -> [String] {
            switch value {
            case .object(let fields): fields.flatMap { key, value in key == "$ref" ? [value.string ?? ""] : references(in: value) }
            case .array(let items): items.flatMap(references)
            default: []
            }
        }
        let root = OpenAPIDocument.served.root
        for reference in references(in: root) {
            #expect(reference.split(separator: "/").dropFirst().reduce(root as JSONValue?) { $0?[String($1)] } != nil, "\(reference)")
        }
    }

    @Test(arguments: [
        (#"{"stacks":[{}]}"#, "is missing"), (#"{"stacks":[],"more":1}"#, "more is not documented"), (#"{"stacks":{}}"#, "is object"),
        (#"{}"#, "stacks is missing"),
    ])
    func `an answer that is not as documented is found`(body: String, fault: String) throws {
        let faults = try OpenAPIDocument.served.faults(
            method: "GET", path: "/api/v1/stacks", status: 200, contentType: "application/json; charset=utf-8", body: Array(body.utf8))
        #expect(faults.contains { $0.contains(fault) }, "\(faults)")
    }

    @Test func `a status and a content type that are not documented are found`() throws {
        let document = OpenAPIDocument.served
        #expect(try !document.faults(method: "GET", path: "/api/v1/stacks", status: 418, contentType: nil, body: []).isEmpty)
        #expect(try !document.faults(method: "GET", path: "/api/v1/stacks", status: 200, contentType: "text/html", body: []).isEmpty)
    }
}
