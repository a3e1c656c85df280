using System.Collections.Immutable;
using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>One caller of the access file.</summary>
/// <param name="Id">What it is called.</param>
/// <param name="Kind">How it shows who it is.</param>
/// <param name="Proof">Of a key its digest, in hexadecimal digits; of a certificate the name that it must have.</param>
/// <param name="Grants">Its rights.</param>
/// <param name="Limits">Its limits.</param>
/// <param name="Expires">When it ends; null for never.</param>
internal sealed record AccessEntry(string Id, ProofKind Kind, string Proof, ImmutableArray<AccessGrant> Grants, CallerLimits Limits, DateTimeOffset? Expires);
