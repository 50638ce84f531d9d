import Glibc
import Telemetry

/// The process as the kernel sees it, under the names that every Prometheus client uses.
enum ProcessFigures {
    static func families() -> [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double?) {
            if let value { families.append(MetricFamily(name, kind, help: help, samples: [.init(value)])) }
        }
        // After the name, which may hold spaces and parentheses: state is the first field (proc(5)).
        let fields = read("/proc/self/stat")?.split(separator: ")").last?.split(separator: " ") ?? []
        func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        add("process_resident_memory_bytes", .gauge, "Resident memory.", field(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) })
        add("process_virtual_memory_bytes", .gauge, "Virtual memory.", field(23))
        add(
            "process_cpu_seconds_total", .counter, "Time on a processor.",
            field(14).flatMap { user in field(15).map { (user + $0) / ticks } })
        add("process_threads", .gauge, "Threads.", field(20))
        let booted = read("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
        add(
            "process_start_time_seconds", .gauge, "When it started.",
            booted.flatMap { booted in field(22).map { booted + $0 / ticks } })
        return families
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count > 0, bytes.count < 1 << 20 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}
