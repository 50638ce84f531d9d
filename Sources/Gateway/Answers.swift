import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import StagingModel

/// How the pages' server says what it decided: to Caddy, which carries a route out, and through it to the visitor.
struct Answers {
    let template: PageTemplate
    let metrics: any MetricsFactory

    /// The label is one of our own words, never a visitor's.
    private func count(_ answer: String) {
        Counter(label: "slingshot_gateway_requests_total", dimensions: [("answer", answer)], factory: metrics).increment()
    }

    /// Caddy, not the visitor, reads this.
    func proxy(_ upstream: String, _ transport: StackRoute.Transport, anonymous: Bool) -> Response {
        count("stack")
        var headers = HTTPFields()
        headers[.slingshotRoute] = CaddyConfiguration.routeName(transport, anonymous: anonymous)
        headers[.slingshotUpstream] = upstream
        return Response(status: .ok, headers: headers)
    }

    func page(_ view: PageView, asHTML isHTML: Bool) -> Response {
        count(view.code)
        var headers: HTTPFields = [
            .contentType: isHTML ? "text/html; charset=utf-8" : "application/problem+json", .cacheControl: "no-store", .vary: "Accept",
            .xContentTypeOptions: "nosniff",
        ]
        if isHTML {
            headers[.contentSecurityPolicy] = PageTemplate.contentSecurityPolicy
            headers[.referrerPolicy] = "no-referrer"
        }
        if let seconds = view.retryAfter { headers[.retryAfter] = String(seconds) }
        if view.status == 401 { headers[.wwwAuthenticate] = "Basic realm=\"stack\", charset=\"UTF-8\"" }
        let body = isHTML ? ByteBuffer(string: template.page(view)) : ByteBuffer(bytes: view.problem.canonicalBytes)
        return Response(status: .init(code: view.status), headers: headers, body: .init(byteBuffer: body))
    }

    /// From a share link on to the stack, with the cookie that opens it where one is needed.
    func welcome(cookie: String?) -> Response {
        var headers: HTTPFields = [.location: "/", .cacheControl: "no-store", .referrerPolicy: "no-referrer"]
        headers[.setCookie] = cookie
        return Response(status: .seeOther, headers: headers)
    }

    /// The page's own files; nil when the path is none of them.
    func asset(_ path: String) -> Response? {
        let (type, text): (String, String)
        switch path {
        case PageTemplate.stylePath: (type, text) = ("text/css; charset=utf-8", PageTemplate.style)
        case PageTemplate.scriptPath: (type, text) = ("text/javascript; charset=utf-8", PageTemplate.script)
        default: return nil
        }
        return Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

extension HTTPField.Name {
    static let slingshotRoute = Self(CaddyConfiguration.Header.route)!
    static let slingshotUpstream = Self(CaddyConfiguration.Header.upstream)!
    static let slingshotHost = Self(CaddyConfiguration.Header.host)!
    static let slingshotVisitor = Self(CaddyConfiguration.Header.visitor)!
    static let slingshotMethod = Self(CaddyConfiguration.Header.method)!
    static let slingshotTarget = Self(CaddyConfiguration.Header.target)!
    static let referrerPolicy = Self("Referrer-Policy")!
}
