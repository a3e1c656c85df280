using System.Collections.Frozen;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>Who is known at one moment. Immutable: another access file makes another one, and requests never wait for it.</summary>
internal sealed class CallerDirectory
{
    private static readonly byte[] s_nobody = new byte[32];

    private readonly FrozenDictionary<string, KnownCaller> _keys;
    private readonly FrozenDictionary<string, KnownCaller>.AlternateLookup<ReadOnlySpan<char>> _keysById;
    private readonly FrozenDictionary<(ProofKind Kind, string Name), KnownCaller> _certificates;
    private readonly QuotaTable _quotas;

    public CallerDirectory(AccessFile file, QuotaTable quotas)
    {
        _quotas = quotas;
        TokenLimits = file.TokenLimits;
        _keys = file.Entries.Where(static entry => entry.Kind == ProofKind.Key).ToFrozenDictionary(static entry => entry.Id, Make, StringComparer.Ordinal);
        _keysById = _keys.GetAlternateLookup<ReadOnlySpan<char>>();
        _certificates = file.Entries.Where(static entry => entry.Kind != ProofKind.Key).GroupBy(static entry => (entry.Kind, entry.Proof)).ToFrozenDictionary(static group => group.Key, group => Make(group.First()));
        Count = file.Entries.Length;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>What each caller with a token may ask for.</summary>
    public CallerLimits TokenLimits { get; }

    /// <summary>Finds who has a key; null for nobody. A key of an unknown id takes as long as a wrong one of a known id.</summary>
    public Caller? FindKey(ReadOnlySpan<char> key, DateTimeOffset now)
    {
        if (!ApiKey.TrySplit(key, out var id))
        {
            return null;
        }

        _keysById.TryGetValue(id, out var known);
        var isRight = ApiKey.Matches(key, known?.Digest ?? s_nobody);
        return known is not null && isRight && now < known.Expires ? known.Caller : null;
    }

    /// <summary>Finds whose certificate it is; null for nobody's. That it is a good one the handshake has seen to.</summary>
    public KnownCaller? FindCertificate(X509Certificate2 certificate)
    {
        if (_certificates.Count == 0)
        {
            return null;
        }

        if (_certificates.TryGetValue((ProofKind.Subject, certificate.Subject), out var known))
        {
            return known;
        }

        foreach (var name in AlternativeNames.Of(certificate))
        {
            if (_certificates.TryGetValue(name, out known))
            {
                return known;
            }
        }

        return null;
    }

    /// <summary>Who has a token that is good.</summary>
    /// <param name="id">The subject of the token.</param>
    /// <param name="grant">Its rights.</param>
    public Caller MakeTokenCaller(string id, AccessGrant grant) => new(id, [grant], TokenLimits.IsEmpty ? null : _quotas.OfToken(id, TokenLimits));

    private KnownCaller Make(AccessEntry entry) => new(
        new Caller(entry.Id, entry.Grants, _quotas.Of(entry.Id, entry.Limits)),
        entry.Kind == ProofKind.Key ? Convert.FromHexString(entry.Proof) : [],
        entry.Expires ?? DateTimeOffset.MaxValue);
}
