import Foundation

/// Self-signed certificates for 127.0.0.1 and their keys, in PEM, made anew by `openssl` for each run: no key is kept in the repository.
enum TestCertificates {
    static let (serverCertificate, serverKey) = make("server")
    static let (firstCertificate, firstKey) = make("first")
    static let (secondCertificate, secondKey) = make("second")

    private static func make(_ name: String) -> (certificate: String, key: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "certificate-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let (certificate, key) = (folder.appending(path: "certificate"), folder.appending(path: "key"))
            let openssl = Process()
            openssl.executableURL = URL(filePath: "/usr/bin/openssl")
            openssl.arguments = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=\(name)",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key.path, "-out", certificate.path,
            ]
            openssl.standardError = FileHandle.nullDevice
            try openssl.run()
            openssl.waitUntilExit()
            return (try String(contentsOf: certificate, encoding: .utf8), try String(contentsOf: key, encoding: .utf8))
        } catch {
            preconditionFailure("openssl made no certificate; dev/setup installs it: \(error)")
        }
    }
}
