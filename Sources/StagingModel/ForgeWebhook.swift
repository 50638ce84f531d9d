/// A webhook of a repository, as its forge's API shows it to those who may administer it.
public struct ForgeWebhook: Codable, Hashable, Sendable {
    public var url: String
    /// False too when the forge has given up on it, after too many failures.
    public var isActive: Bool
    /// Events that Slingshot needs and that it does not send, in the words of the forge's settings.
    public var lacks: [String]
    /// Whether it sends new comments, which only commands need.
    public var sendsComments: Bool
    /// Nil, as all that follows, when the forge does not tell.
    public var sendsJSON: Bool?
    public var hasSecret: Bool?
    /// Whether it checks the receiver's certificate.
    public var verifiesTLS: Bool?
    /// The HTTP status with which its last delivery was answered; 0 when it was not. Nil also when there was none yet.
    public var lastAnswer: Int?

    public init(
        url: String, isActive: Bool, lacks: [String], sendsComments: Bool, sendsJSON: Bool? = nil, hasSecret: Bool? = nil,
        verifiesTLS: Bool? = nil,
        lastAnswer: Int? = nil
    ) {
        self.url = url
        self.isActive = isActive
        self.lacks = lacks
        self.sendsComments = sendsComments
        self.sendsJSON = sendsJSON
        self.hasSecret = hasSecret
        self.verifiesTLS = verifiesTLS
        self.lastAnswer = lastAnswer
    }
}
