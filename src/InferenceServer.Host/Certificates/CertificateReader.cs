using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using InferenceServer.Host.Following;

namespace InferenceServer.Host.Certificates;

/// <summary>Makes a certificate that can be used of the content of its files.</summary>
internal static class CertificateReader
{
    /// <summary>Reads it.</summary>
    /// <param name="options">Which file is which.</param>
    /// <param name="snapshot">What the files have in them.</param>
    /// <param name="bundle">The certificate.</param>
    /// <param name="problem">What is wrong with the files, without any of their content.</param>
    public static bool TryRead(TlsOptions options, FileSnapshot snapshot, [NotNullWhen(true)] out CertificateBundle? bundle, [NotNullWhen(false)] out string? problem)
    {
        bundle = null;
        problem = snapshot.Problem;
        if (problem is not null)
        {
            return false;
        }

        var contents = new Queue<byte[]>(snapshot.Contents);
        var certificate = contents.Dequeue();
        var key = options.Key is null ? null : contents.Dequeue();
        var password = options.Password is null ? null : Encoding.UTF8.GetString(contents.Dequeue()).TrimEnd('\r', '\n');
        var roots = options.Roots is null ? null : contents.Dequeue();
        var reading = $"'{options.Certificate}'";
        try
        {
            var all = ReadServer(certificate, key, password);
            if (all.FirstOrDefault(static one => one.HasPrivateKey) is not { } leaf)
            {
                problem = $"{reading} has no certificate with a key";
                return false;
            }

            X509Certificate2Collection? trusted = null;
            if (roots is not null)
            {
                reading = $"'{options.Roots}'";
                trusted = [];
                trusted.ImportFromPem(Encoding.UTF8.GetString(roots));
                if (trusted.Count == 0)
                {
                    problem = $"{reading} has no certificate in PEM";
                    return false;
                }
            }

            all.Remove(leaf);
            bundle = new CertificateBundle(leaf, all, trusted);
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // The message may quote the file.
            problem = exception is ArgumentException
                ? $"{reading} and its key do not go together, or are not what was expected: PEM, with an unencrypted key or its password"
                : $"{reading} or its key cannot be read: expected PEM or PKCS#12, with the right password where there is one";
            return false;
        }
    }

    private static X509Certificate2Collection ReadServer(byte[] certificate, byte[]? key, string? password)
    {
        var text = Encoding.UTF8.GetString(certificate);
        if (!text.Contains("-----BEGIN ", StringComparison.Ordinal))
        {
            return X509CertificateLoader.LoadPkcs12Collection(certificate, password);
        }

        var all = new X509Certificate2Collection();
        all.ImportFromPem(text);
        var keyText = key is null ? text : Encoding.UTF8.GetString(key);
        using var leaf = password is null ? X509Certificate2.CreateFromPem(text, keyText) : X509Certificate2.CreateFromEncryptedPem(text, keyText, password);

        // Some systems do not use a key in a handshake that was never in a store.
        var usable = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
        for (var i = all.Count - 1; i >= 0; i--)
        {
            if (all[i].Thumbprint == usable.Thumbprint)
            {
                all.RemoveAt(i);
            }
        }

        all.Insert(0, usable);
        return all;
    }
}
