import Testing

@testable import Feedback

@Suite struct RedactionTests {
    @Test(
        arguments: [
            ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"), ("password: hunter2 next", "password: *** next"),
            (#"{"apiKey": "hunter2", "a": 1}"#, #"{"apiKey": "***", "a": 1}"#), ("--token hunter2 --port 1", "--token *** --port 1"),
            ("secret_key_base='hunter2'", "secret_key_base='***'"), ("postgres://shop:hunter2@db:5432/shop", "postgres://***@db:5432/shop"),
            ("https://hunter2@git.example.com/x", "https://***@git.example.com/x"),
            ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
            ("authorization: Basic aHVudGVyMg==", "authorization: Basic ***"),
            ("sent Bearer abcdefghijklmnopqrstuvwxyz", "sent Bearer ***"), ("ghp_0123456789abcdefghij0123456789abcdef", "***"),
            ("github_pat_11ABCDEFG0_abcdefghijklmnop", "***"), ("glpat-0123456789abcdefghij", "***"),
            ("xoxb-1234567890-abcdefghijkl", "***"),
            ("ATATT3xFfGF0abcdefghijklmnop", "***"), ("AKIAIOSFODNN7EXAMPLE", "***"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "***"),
            ("-----BEGIN RSA PRIVATE KEY----- MIIEow", "-----BEGIN PRIVATE KEY-----***"),
            ("MIIEowIBAAKCAQEAz5bMIIEowIBAAKCAQEAz5bMIIEowIBAAKCAQEAz5bMIIEowIB", "***"),
        ]) func `what looks like a secret goes`(text: String, expected: String)
    {
        #expect(Redaction.redacted(text) == expected)
    }

    @Test(arguments: [
        "secret \"shop-db\" not found", "Deployment/web: container \"web\" keeps crashing (exit code 1)", "no route to db",
        "the image \"registry.example.com/shop@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" can't be pulled",
        "basic authentication is on", "global-configuration-file-is-missing", "http://shop-7.staging.example.com/@ada", "tokens are fun",
    ]) func `what is none stays`(text: String) {
        #expect(Redaction.redacted(text) == text)
    }

    /// Log lines are cut at 300 characters, diagnoses are longer; none may hold the others up.
    @Test(arguments: ["a", "secret", "A=", "://a", "--token ", "eyJ", "-----BEGIN ", "token\""]) func `a long line takes no time`(
        piece: String
    ) {
        let long = String(String(repeating: piece, count: 4_096).prefix(4_096))
        let time = ContinuousClock().measure { _ = Redaction.redacted(long) }
        #expect(time < .seconds(2))
    }
}
