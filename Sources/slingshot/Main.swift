import SlingshotCommands

@main
struct Main {
    static func main() async { await Slingshot.runToExit() }
}
