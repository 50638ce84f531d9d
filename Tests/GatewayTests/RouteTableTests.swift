import SlingshotTestSupport
import StagingModel
import Testing

@testable import Gateway

@Suite struct RouteTableTests {
    @Test func `one visitor can't take the places of all, and who leaves makes room`() {
        let table = RouteTable()
        let name = Samples.stackName()
        let mine = (0..<RouteTable.mostListenersOfVisitor).compactMap { _ in table.listen(to: name, visitor: "10.0.0.1") }
        #expect(mine.count == RouteTable.mostListenersOfVisitor)
        #expect(table.listen(to: name, visitor: "10.0.0.1") == nil)
        let others = (0..<RouteTable.mostListeners).compactMap { table.listen(to: name, visitor: "10.0.1.\($0)") }
        #expect(others.count == RouteTable.mostListeners - mine.count)
        mine.first?.1.finish()
        #expect(table.listen(to: name, visitor: "10.0.0.1") != nil)
    }
}
