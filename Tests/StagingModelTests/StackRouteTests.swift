import StagingModel
import Testing

@Suite struct StackRouteTests {
    private static let routes = [
        StackRoute(host: "a", upstreams: ["root"]), StackRoute(host: "a", path: "/api", upstreams: ["api"]),
        StackRoute(host: "a", path: "/api/v2/", upstreams: ["v2"]),
        StackRoute(host: "a", path: "/api", isExact: true, upstreams: ["exact"]),
    ]

    @Test(
        arguments: [
            ("a", "/", "root"), ("a", "/x", "root"), ("a", "/api", "exact"), ("a", "/api/", "api"), ("a", "/api/x", "api"),
            ("a", "/apis", "root"),
            ("a", "/api/v2", "v2"), ("a", "/api/v2/x", "v2"), ("b", "/", nil),
        ] as [(String, String, String?)]) func `the most exact route is taken`(host: String, path: String, upstream: String?)
    {
        #expect(Self.routes.route(host: host, path: path)?.upstreams.first == upstream)
    }
}
