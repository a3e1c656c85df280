using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>A caller of the access file as requests find it.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="Digest">Of a key its digest; empty for a certificate.</param>
/// <param name="Expires">When it ends; <see cref="DateTimeOffset.MaxValue"/> for never.</param>
internal sealed record KnownCaller(Caller Caller, byte[] Digest, DateTimeOffset Expires);
