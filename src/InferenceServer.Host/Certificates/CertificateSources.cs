using System.Collections.Immutable;
using InferenceServer.Host.Listeners;

namespace InferenceServer.Host.Certificates;

/// <summary>The certificates of the ports that have one.</summary>
internal sealed class CertificateSources(ImmutableDictionary<Listener, CertificateSource> sources)
{
    public IEnumerable<CertificateSource> All => sources.Values;

    /// <summary>That of a port; null when it speaks plain text.</summary>
    public CertificateSource? Of(Listener listener) => sources.GetValueOrDefault(listener);
}
