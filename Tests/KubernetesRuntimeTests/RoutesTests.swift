import Foundation
import StagingModel
import Testing

@testable import KubernetesRuntime

@Suite struct RoutesTests {
    private func routes(ingress: String, service: String) throws -> [StackRoute] {
        let decoder = JSONDecoder()
        return StackRoute.routes(
            of: [try decoder.decode(JSONValue.self, from: Data(ingress.utf8))],
            to: [try decoder.decode(JSONValue.self, from: Data(service.utf8))])
    }

    private static let service = """
        {"metadata":{"name":"web","uid":"1"},"spec":{"clusterIP":"10.96.0.9","ports":[
          {"name":"http","port":80},{"name":"grpc","port":81,"appProtocol":"kubernetes.io/h2c"}]}}
        """

    private static func ingress(_ path: String) -> String {
        """
        {"metadata":{"name":"web","uid":"2"},"spec":{"rules":[{"host":"Shop-7.localhost","http":{"paths":[\(path)]}},{"http":{"paths":[]}}]}}
        """
    }

    @Test(arguments: [
        (
            #"{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"name":"http"}}}}"#, "/", false, "http",
            ["10.96.0.9:80"]
        ),
        (
            #"{"path":"/g","pathType":"Exact","backend":{"service":{"name":"web","port":{"number":81}}}}"#, "/g", true, "h2c",
            ["10.96.0.9:81"]
        ),
        (#"{"backend":{"service":{"name":"web","port":{"number":80}}}}"#, "/", false, "http", ["10.96.0.9:80"]),
        (#"{"path":"/","backend":{"service":{"name":"web","port":{"number":8080}}}}"#, "/", false, "http", []),
        (#"{"path":"/","backend":{"service":{"name":"other","port":{"number":80}}}}"#, "/", false, "http", []),
    ]) func `a rule leads to its Service's address`(path: String, expected: String, isExact: Bool, transport: String, upstreams: [String])
        throws
    {
        let route = try #require(try routes(ingress: Self.ingress(path), service: Self.service).first)
        #expect(route.host == "shop-7.localhost")
        #expect(route.path == expected)
        #expect(route.isExact == isExact)
        #expect(route.transport.rawValue == transport)
        #expect(route.upstreams == upstreams)
    }

    @Test func `a Service without an address leads nowhere, and IPv6 has brackets`() throws {
        let path = #"{"path":"/","backend":{"service":{"name":"web","port":{"number":80}}}}"#
        let headless = Self.service.replacingOccurrences(of: "10.96.0.9", with: "None")
        #expect(try routes(ingress: Self.ingress(path), service: headless).first?.upstreams == [])
        let six = Self.service.replacingOccurrences(of: "10.96.0.9", with: "fd00::9")
        #expect(try routes(ingress: Self.ingress(path), service: six).first?.upstreams == ["[fd00::9]:80"])
    }
}
