import FaultProxy
import Testing

/// What the fault proxy's command line says.
@Suite struct FaultRuleTests {
    private func request(_ number: Int, _ method: String = "PATCH") -> ProxiedRequest {
        ProxiedRequest(number: number, method: method, target: "/apis/apps/v1/namespaces/n/deployments/web?force=true")
    }

    @Test(arguments: [
        ("slow=10s", "slow by 10.0 seconds"), ("slow=250ms", "slow by 0.25 seconds"), ("status=500", "refused with 500"),
        ("status=429,retry-after=3", "refused with 429"), ("drop=before", "dropped (before)"), ("drop=middle", "dropped (middle)"),
        ("kill=4711,after", "dropped (after)"),
    ])
    func `faults are read`(text: String, fault: String) throws { #expect(try Fault(text).text == fault) }

    @Test(arguments: [
        "", "slow", "slow=", "slow=ten", "slow=-1s", "status=200", "status=500,after=3", "status=429,retry-after=soon", "drop=now",
        "kill=1,before",
        "kill=4711", "kill=-1,before",
    ])
    func `other texts name the fix`(text: String) {
        let error = #expect(throws: FaultRule.Invalid.self) { try Fault(text) }
        #expect(error?.description.contains("write slow=10s") == true)
    }

    @Test func `each n-th that matches, and only so many`() throws {
        let rule = try FaultRule(.drop(.before), matching: "^PATCH .*/deployments/", every: 2, first: 2)
        #expect((1...8).map { rule.judge(request($0)) != nil } == [false, true, false, true, false, false, false, false])
        #expect(try FaultRule(.drop(.before), matching: "^DELETE").judge(request(1)) == nil)
        #expect(try FaultRule(.drop(.before)).judge(request(1, "GET")) != nil)
        #expect(throws: FaultRule.Invalid.self) { try FaultRule(.drop(.before), matching: "(") }
        #expect(throws: FaultRule.Invalid.self) { try FaultRule(.drop(.before), every: 0) }
    }
}
