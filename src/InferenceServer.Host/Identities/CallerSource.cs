using System.IO.Abstractions;
using InferenceServer.Host.Following;

namespace InferenceServer.Host.Identities;

/// <summary>Holds who is known and follows the access file.</summary>
internal sealed class CallerSource : IFollowed
{
    private readonly string? _path;
    private readonly IFileSystem _files;
    private readonly ILogger _logger;
    private readonly SettledContent _settled;
    private volatile CallerDirectory _current;

    /// <param name="path">The access file; null when there is none.</param>
    /// <param name="files">Where it is.</param>
    /// <param name="quotas">The quotas.</param>
    /// <param name="logger">Where changes are told.</param>
    /// <exception cref="InvalidOperationException">The file has become wrong since the options were read.</exception>
    public CallerSource(string? path, IFileSystem files, QuotaTable quotas, ILogger<CallerSource> logger)
    {
        (_path, _files, _logger, Quotas) = (path, files, logger, quotas);
        if (path is null)
        {
            _settled = new SettledContent("");
            _current = new CallerDirectory(AccessFile.Empty, quotas);
            return;
        }

        var snapshot = FileSnapshot.Read(files, [path]);
        _settled = new SettledContent(snapshot.Digest);
        _current = new CallerDirectory(Read(snapshot, out var problem) ?? throw new InvalidOperationException($"the access file cannot be used: {problem}"), quotas);
        IdentityLog.InForce(_logger, _current.Count);
    }

    /// <summary>Who is known now.</summary>
    public CallerDirectory Current => _current;

    /// <summary>The quotas.</summary>
    public QuotaTable Quotas { get; }

    public void Check()
    {
        if (_path is null)
        {
            return;
        }

        var snapshot = FileSnapshot.Read(_files, [_path]);
        if (!_settled.ShouldTry(snapshot.Digest))
        {
            return;
        }

        if (Read(snapshot, out var problem) is not { } file)
        {
            IdentityLog.Refused(_logger, problem);
            return;
        }

        _current = new CallerDirectory(file, Quotas);
        IdentityLog.InForce(_logger, _current.Count);
    }

    private static AccessFile? Read(FileSnapshot snapshot, out string problem)
    {
        problem = snapshot.Problem ?? "";
        if (snapshot.Problem is not null)
        {
            return null;
        }

        var file = AccessFileReader.Read(snapshot.Contents[0], out var problems);
        problem = string.Join("; ", problems);
        return problems.Count == 0 ? file : null;
    }
}
