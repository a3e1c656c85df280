using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace InferenceServer.Host.Identities;

/// <summary>Reads the names of a certificate that stand beside its subject (RFC 5280, section 4.2.1.6): the library has no way to its URIs.</summary>
internal static class AlternativeNames
{
    private const string Extension = "2.5.29.17";

    /// <summary>The names of the kinds that callers can be known by; none where the extension cannot be read.</summary>
    public static IReadOnlyList<(ProofKind Kind, string Name)> Of(X509Certificate2 certificate)
    {
        if (certificate.Extensions[Extension] is not { } extension)
        {
            return [];
        }

        var names = new List<(ProofKind, string)>();
        try
        {
            var all = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (all.HasData)
            {
                var tag = all.PeekTag();
                if (Kind(tag) is { } kind)
                {
                    names.Add((kind, all.ReadCharacterString(UniversalTagNumber.IA5String, tag)));
                }
                else
                {
                    all.ReadEncodedValue();
                }
            }
        }
        catch (AsnContentException)
        {
            // Whoever cannot be read is nobody.
            return [];
        }

        return names;
    }

    private static ProofKind? Kind(Asn1Tag tag) => tag switch
    {
        { TagClass: TagClass.ContextSpecific, TagValue: 1 } => ProofKind.Email,
        { TagClass: TagClass.ContextSpecific, TagValue: 2 } => ProofKind.Dns,
        { TagClass: TagClass.ContextSpecific, TagValue: 6 } => ProofKind.Uri,
        _ => null,
    };
}
