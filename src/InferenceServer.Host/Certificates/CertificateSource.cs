using System.IO.Abstractions;
using System.Net.Security;
using InferenceServer.Host.Following;

namespace InferenceServer.Host.Certificates;

/// <summary>Holds the certificate of one port and follows its files: new connections get the new one, those that are there keep theirs.</summary>
internal sealed class CertificateSource : IFollowed
{
    private static readonly TimeSpan s_warnBefore = TimeSpan.FromDays(14);

    private readonly TlsOptions _options;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SettledContent _settled;
    private volatile CertificateBundle _current;
    private bool _hasWarned;

    /// <exception cref="InvalidOperationException">The files have become wrong since the options were read.</exception>
    public CertificateSource(TlsOptions options, IFileSystem files, TimeProvider time, ILogger<CertificateSource> logger)
    {
        (_options, _files, _time, _logger) = (options, files, time, logger);
        var snapshot = FileSnapshot.Read(files, options.Paths);
        _settled = new SettledContent(snapshot.Digest);
        _current = CertificateReader.TryRead(options, snapshot, out var bundle, out var problem) ? bundle : throw new InvalidOperationException($"the certificate of {options.Listener} cannot be used: {problem}");
        Tell();
    }

    /// <summary>What the port serves.</summary>
    public string Listener => _options.Listener;

    /// <summary>When the certificate in force ends.</summary>
    public DateTimeOffset ExpiresAt => _current.Leaf.NotAfter.ToUniversalTime();

    /// <summary>What a handshake of now goes by.</summary>
    public SslServerAuthenticationOptions MakeOptions() => _current.MakeOptions();

    public void Check()
    {
        var snapshot = FileSnapshot.Read(_files, _options.Paths);
        if (!_settled.ShouldTry(snapshot.Digest))
        {
            WarnOfExpiry();
            return;
        }

        if (!CertificateReader.TryRead(_options, snapshot, out var bundle, out var problem))
        {
            CertificateLog.Refused(_logger, _options.Listener, problem, ExpiresAt);
            return;
        }

        // The old one is left to the collector: handshakes may still be using it.
        _current = bundle;
        _hasWarned = false;
        Tell();
    }

    private void Tell()
    {
        CertificateLog.InForce(_logger, _options.Listener, _current.Leaf.Subject, ExpiresAt);
        WarnOfExpiry();
    }

    private void WarnOfExpiry()
    {
        if (!_hasWarned && ExpiresAt - _time.GetUtcNow() is var left && left < s_warnBefore)
        {
            _hasWarned = true;
            CertificateLog.Expires(_logger, _options.Listener, ExpiresAt, left <= TimeSpan.Zero ? "has ended" : "ends soon");
        }
    }
}
