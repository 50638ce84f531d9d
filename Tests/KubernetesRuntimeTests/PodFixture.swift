import Foundation

@testable import KubernetesRuntime

/// A pod of the Deployment `web`, as the API server would send it.
struct PodFixture {
    var name = "web-abc-1"
    var hash = "abc"
    var created = "2026-11-21T08:00:00Z"
    var restartPolicy = "Always"
    /// The owner's reference, or nothing.
    var owner: String? = PodFixture.replicaSet("web-abc")
    var hasProbe = true
    var deleted = false
    var phase = "Pending"
    var conditions = ""
    /// JSON of the container's state and last state.
    var state = #"{"waiting":{"reason":"ContainerCreating"}}"#
    var lastState = "{}"
    var restarts = 0
    var ready = false
    var isInit = false
    /// JSON of the state of a container beside it.
    var sidecar: String?

    static func replicaSet(_ name: String) -> String { #"{"kind":"ReplicaSet","name":"\#(name)","uid":"\#(name)","controller":true}"# }
    static func waiting(_ reason: String, _ message: String = "") -> String {
        #"{"waiting":{"reason":"\#(reason)","message":"\#(message)"}}"#
    }
    static func ended(_ code: Int, _ reason: String = "Error") -> String { #"{"terminated":{"exitCode":\#(code),"reason":"\#(reason)"}}"# }
    static let running = #"{"running":{"startedAt":"2026-11-21T08:00:00Z"}}"#

    func pod() throws -> Pod {
        let container = """
            [{"name":"app","image":"shop:1","ready":\(ready),"restartCount":\(restarts),"state":\(state),"lastState":\(lastState)}]
            """
        let beside = sidecar.map {
            #","containerStatuses":[{"name":"proxy","image":"proxy:1","ready":true,"restartCount":0,"state":\#($0)}]"#
        }
        let probe = hasProbe ? #","readinessProbe":{"periodSeconds":1}"# : ""
        let list = isInit ? "initContainerStatuses" : "containerStatuses"
        let json = """
            {"metadata":{"name":"\(name)","uid":"uid-\(name)","labels":{"pod-template-hash":"\(hash)"},"creationTimestamp":"\(created)"
              \(deleted ? #","deletionTimestamp":"2026-11-21T09:00:00Z""# : ""),"ownerReferences":[\(owner ?? "")]},
             "spec":{"restartPolicy":"\(restartPolicy)","containers":[{"name":"app"\(probe)}]},
             "status":{"phase":"\(phase)","conditions":[\(conditions)],"\(list)":\(container)\(beside ?? "")}}
            """
        return try JSONDecoder().decode(Pod.self, from: Data(json.utf8))
    }
}
