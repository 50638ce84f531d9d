import StagingModel
import Testing

@Suite struct StackNameTests {
    @Test(arguments: ["shop-7", "a-b-c-120", "x1-1"])
    func `reads what it writes`(text: String) {
        #expect(StackName(text)?.description == text)
    }

    @Test(arguments: [
        "", "shop", "shop-", "-7", "shop-0", "shop-07", "Shop-7", "shop-7-8", "shop_1-7", "sh\u{F6}p-7", "shop-\u{0663}",
        "shop-99999999999",
    ])
    func `refuses what could be read another way`(text: String) {
        #expect(StackName(text) == nil)
    }

    @Test func `a repository's name has at most 40 characters`() {
        #expect(RepositoryName(String(repeating: "a", count: 40)) != nil)
        #expect(RepositoryName(String(repeating: "a", count: 41)) == nil)
    }

    @Test(arguments: ["shop-7", "-shop", "shop-", "sh.op"])
    func `a repository's name can't look like a stack's`(text: String) {
        #expect(RepositoryName(text) == nil)
    }
}
