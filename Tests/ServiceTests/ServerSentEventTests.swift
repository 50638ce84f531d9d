import ControlAPI
import Testing

@Suite struct ServerSentEventTests {
    @Test(arguments: [
        (ServerSentEvent(data: "a"), "data: a\n\n"), (ServerSentEvent(name: "problem", data: "{}"), "event: problem\ndata: {}\n\n"),
        (ServerSentEvent(data: "a\nb"), "data: a\ndata: b\n\n"), (ServerSentEvent(data: ""), "data: \n\n"),
    ])
    func `an event is written, and read as it was`(event: ServerSentEvent, text: String) throws {
        #expect(event.text == text)
        var reader = ServerSentEventReader()
        // whatever the pieces that it comes in
        var events: [ServerSentEvent] = []
        for byte in text.utf8 { events += try reader.read([byte]) }
        #expect(events == [event])
    }

    @Test(arguments: [
        (ServerSentEvent.comment, 0), (":hello\n\n", 0), ("event: x\n\n", 0), ("data: a", 0), ("data: a\n", 0),
        ("id: 1\ndata:a\r\n\r\n", 1),
        ("retry: 5\n\ndata: a\n\n:\n\ndata: b\n\n", 2), ("nonsense\n\n", 0),
    ])
    func `what is no event is skipped`(text: String, count: Int) throws {
        var reader = ServerSentEventReader()
        #expect(try reader.read(text.utf8).count == count)
    }

    @Test func `an event that does not end is refused`() throws {
        var reader = ServerSentEventReader(limit: 10)
        #expect(try reader.read("data: a\n\n".utf8).count == 1)
        #expect(throws: ServerSentEventReader.TooLarge.self) { try reader.read("data: a\ndata: b\n".utf8) }
    }
}
