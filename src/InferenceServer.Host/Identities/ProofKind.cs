namespace InferenceServer.Host.Identities;

/// <summary>How a caller of the access file shows who it is.</summary>
internal enum ProofKind
{
    /// <summary>An API key.</summary>
    Key,

    /// <summary>The subject of a client certificate.</summary>
    Subject,

    /// <summary>A DNS name among a client certificate's alternative names.</summary>
    Dns,

    /// <summary>A URI there, such as a SPIFFE id.</summary>
    Uri,

    /// <summary>An e-mail address there.</summary>
    Email,
}
