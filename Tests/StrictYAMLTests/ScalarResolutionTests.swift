import StagingModel
import Testing

@testable import StrictYAML

@Suite struct ScalarResolutionTests {
    /// The expectations are go-yaml v2's (`resolve_test.go`, `decode_test.go`), which the Kubernetes tools use.
    @Test(arguments: [
        ("", JSONValue.null), ("~", .null), ("null", .null), ("Null", .null), ("nUll", "nUll"),
        ("true", true), ("yes", true), ("On", true), ("y", true), ("no", false), ("OFF", false), ("n", false), ("yEs", "yEs"),
        ("0", 0), ("685230", 685_230), ("+685_230", 685_230), ("-12", -12), ("0644", 420), ("0o14", 12), ("0x2A", 42), ("0b101", 5),
        ("-0b101", -5),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
        ("1.10", .number(1.1)), ("1.", .number(1)), (".5", .number(0.5)), ("6.8523015e+5", .number(685_230.15)),
        ("1234567e5", .number(1_234_567e5)), ("08", .number(8)),
        ("1e999", "1e999"), (".", "."), ("-", "-"), ("+", "+"), ("--1", "--1"), ("0x", "0x"), ("0x-1", "0x-1"), ("1_", 1), ("e5", "e5"),
        ("500m", "500m"), ("4Gi", "4Gi"), ("1.2.3", "1.2.3"), ("10.0.0.1", "10.0.0.1"), ("2026-11-21", "2026-11-21"),
        ("190:20:30", "190:20:30"),
        ("nan", "nan"), ("inf", "inf"), ("0x1p3", "0x1p3"), ("١", "١"), ("<<", "<<"),
    ])
    func readsPlainScalarsAsKubernetesDoes(text: String, value: JSONValue) {
        #expect(resolvePlainScalar(text) == value)
    }

    @Test(arguments: [".nan", ".inf", "-.inf", "+.INF"])
    func refusesWhatJSONCannotSay(text: String) {
        #expect(resolvePlainScalar(text) == nil)
    }
}
