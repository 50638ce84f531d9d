import StagingModel

/// One probe of a container.
struct ProbeTranslation {
    /// The container.
    let value: JSONValue
    let place: Place
    /// `readinessProbe`, `livenessProbe` or `startupProbe`.
    let key: String

    func probe(_ translation: inout Translation) -> Probe? {
        guard let probe = value[key], probe.object?.isEmpty == false else { return nil }
        translation.expect(
            probe, place,
            [
                "httpGet", "tcpSocket", "exec", "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold",
                "failureThreshold",
            ])
        guard let action = action(probe, &translation) else { return nil }
        func number(_ key: String, _ standard: Int64, least: Int64 = 1) -> Int {
            Int(min(max(probe[key]?.integer ?? standard, least), 86_400))
        }
        return Probe(
            action: action, initialDelay: number("initialDelaySeconds", 0, least: 0), period: number("periodSeconds", 10),
            timeout: number("timeoutSeconds", 1), successes: number("successThreshold", 1), failures: number("failureThreshold", 3))
    }

    private func action(_ probe: JSONValue, _ translation: inout Translation) -> Probe.Action? {
        if let http = probe["httpGet"] {
            translation.expect(http, place["httpGet"], ["path", "port", "scheme", "httpHeaders"])
            guard let port = port(http["port"], place["httpGet"], &translation) else { return nil }
            var headers: [String: String] = [:]
            for header in http["httpHeaders"]?.array ?? [] { headers[header["name"]?.string ?? ""] = header["value"]?.string ?? "" }
            headers[""] = nil
            let path = http["path"]?.string ?? "/"
            return .http(port: port, path: path.hasPrefix("/") ? path : "/\(path)", tls: http["scheme"] == "HTTPS", headers: headers)
        }
        if let tcp = probe["tcpSocket"] {
            translation.expect(tcp, place["tcpSocket"], ["port"])
            return port(tcp["port"], place["tcpSocket"], &translation).map { .tcp(port: $0) }
        }
        if let command = probe["exec"]?["command"]?.array, !command.isEmpty { return .exec(command.compactMap(\.string)) }
        if probe["grpc"] == nil { translation.refuse(place, "needs httpGet, tcpSocket or exec") }
        return nil
    }

    private func port(_ port: JSONValue?, _ place: Place, _ translation: inout Translation) -> Int? {
        switch port {
        case .integer(let number)? where (1...65_535).contains(number): return Int(number)
        case .string(let name)?:
            let named = (value["ports"]?.array ?? []).first { $0["name"]?.string == name }?["containerPort"]?.integer
            if let number = named.flatMap({ Int($0) }) ?? Int(name) { return number }
        default: break
        }
        translation.refuse(place["port"], "must be a port's number, or the name of one of the container's ports")
        return nil
    }
}
