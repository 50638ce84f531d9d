import StagingModel
import Testing

@Suite struct DiagnosisTests {
    @Test func `what a container said is told apart`() {
        let message = "Deployment/web: container \"web\" keeps crashing (exit code 1); \(Diagnosis.lastLines(of: "web", ["one: 1", "two"]))"
        let diagnosis = Diagnosis(message)
        #expect(diagnosis.problem == "Deployment/web: container \"web\" keeps crashing (exit code 1)")
        #expect(diagnosis.source == "web")
        #expect(diagnosis.lines == ["one: 1", "two"])
    }

    @Test func `so is what a build said`() {
        let diagnosis = Diagnosis("the build failed: exit status 1; \(Diagnosis.lastOutput(["cc: no such file"]))")
        #expect(diagnosis.problem == "the build failed: exit status 1")
        #expect(diagnosis.source == nil && diagnosis.lines == ["cc: no such file"])
    }

    @Test(arguments: ["", "not ready after 10m: Deployment/web", "; the last lines of", "the last lines of web: x"])
    func `anything else is the problem`(message: String) {
        let diagnosis = Diagnosis(message)
        #expect(diagnosis.problem == message && diagnosis.source == nil && diagnosis.lines.isEmpty)
    }
}
