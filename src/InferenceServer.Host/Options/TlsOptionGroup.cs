using System.Collections.Immutable;

namespace InferenceServer.Host.Options;

/// <summary>The options of TLS, which every port has under its own prefix; those of gRPC are Triton's.</summary>
/// <param name="prefix">The prefix of the flags.</param>
/// <param name="key">The prefix of the keys.</param>
/// <param name="name">What the port serves.</param>
internal sealed class TlsOptionGroup(string prefix, string key, string name)
{
    /// <summary>What the port serves.</summary>
    public string Name => name;

    public OptionDefinition Use { get; } = new($"{prefix}-use-ssl", $"{key}UseSsl", OptionKind.Boolean, "false", $"Serve {name} over TLS.");

    public OptionDefinition Mutual { get; } = new($"{prefix}-use-ssl-mutual", $"{key}UseSslMutual", OptionKind.Boolean, "false", $"Ask {name} clients for a certificate too, from one of those of --{prefix}-root-cert.");

    public OptionDefinition Certificate { get; } = new($"{prefix}-server-cert", $"{key}ServerCert", OptionKind.Text, "", $"The certificate of the {name} port, with those between it and its root: a PEM file, or PKCS#12. It is read anew when it changes.");

    public OptionDefinition Key { get; } = new($"{prefix}-server-key", $"{key}ServerKey", OptionKind.Text, "", "The key of that certificate, a PEM file, where it is not in the same file.");

    public OptionDefinition Password { get; } = new($"{prefix}-server-key-password-file", $"{key}ServerKeyPasswordFile", OptionKind.Text, "", "A file with the password of that key, where it has one.");

    public OptionDefinition Roots { get; } = new($"{prefix}-root-cert", $"{key}RootCert", OptionKind.Text, "", $"The certificates that those of {name} clients must come from, a PEM file; those of the system do not count.");

    public ImmutableArray<OptionDefinition> All => [Use, Mutual, Certificate, Key, Password, Roots];
}
