namespace InferenceServer.Core.Access;

/// <summary>What became of a request that a quota was asked about.</summary>
public enum QuotaVerdict
{
    /// <summary>It may go on.</summary>
    Admitted,

    /// <summary>The caller sends too many a second.</summary>
    TooFast,

    /// <summary>The caller has too many in flight.</summary>
    TooMany,
}
