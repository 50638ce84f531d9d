import KubernetesClient
import Testing

@testable import KubernetesRuntime

/// Texts as Kubernetes 1.20 sends them, shortened.
@Suite struct ImmutableFieldsTests {
    typealias Cause = Status.Cause

    private static let template = Cause(
        reason: "FieldValueInvalid", message: #"Invalid value: core.PodTemplateSpec{Name:"a: b"}: field is immutable"#,
        field: "spec.template")
    private static let image = Cause(
        reason: "FieldValueRequired", message: "Required value", field: "spec.template.spec.containers[0].image")
    private static let mentioned = Cause(
        reason: "FieldValueInvalid", message: #"Invalid value: "field is immutable": must be a DNS label"#, field: "spec.x")

    @Test(
        arguments: [
            ([template], "spec.template can't be changed (field is immutable)"),
            (
                [
                    Cause(
                        reason: "FieldValueForbidden",
                        message: "Forbidden: pod updates may not change fields other than `spec.tolerations`\n  core.PodSpec{\n- a\n+ b\n",
                        field: "spec")
                ], "spec can't be changed (pod updates may not change fields other than `spec.tolerations`)"
            ),
            (
                [
                    Cause(
                        reason: "FieldValueForbidden", message: "Forbidden: updates to statefulset spec for fields other than 'replicas'",
                        field: "spec")
                ], "spec can't be changed (updates to statefulset spec for fields other than 'replicas')"
            ),
            (
                [
                    Cause(
                        reason: "FieldValueInvalid", message: #"Invalid value: []string{"10.96.0.77"}: may not change once set"#,
                        field: "spec.clusterIPs[0]")
                ], "spec.clusterIPs[0] can't be changed (may not change once set)"
            ),
            (
                [
                    template,
                    Cause(
                        reason: "FieldValueForbidden", message: "Forbidden: field is immutable when `immutable` is set", field: "data"),
                ], "spec.template can't be changed (field is immutable), data can't be changed (field is immutable when `immutable` is set)"
            ),
            ([template, image], nil), ([image], nil), ([mentioned], nil), ([], nil),
            ([Cause(reason: "FieldValueInvalid", message: nil, field: "spec")], nil),
            ([Cause(reason: "FieldValueInvalid", message: "field is immutable", field: "spec")], nil),
            ([Cause(reason: "FieldValueInvalid", message: "Invalid value: 1: field is immutable", field: nil)], nil),
        ] as [([Status.Cause], String?)])
    func onlyRefusedChangesCount(causes: [Status.Cause], text: String?) {
        let status = Status(code: 422, reason: "Invalid", message: "m", details: .init(name: "a", kind: "B", causes: causes))
        #expect(status.immutableFields == text)
    }

    @Test func anotherCodeIsNoRefusedChange() {
        #expect(Status(code: 409, message: "m", details: .init(causes: [Self.template])).immutableFields == nil)
        #expect(Status(code: 422, message: "field is immutable").immutableFields == nil)
    }
}
