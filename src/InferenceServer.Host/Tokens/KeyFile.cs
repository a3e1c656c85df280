using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Host.Following;
using InferenceServer.Host.Identities;
using Microsoft.IdentityModel.Tokens;

namespace InferenceServer.Host.Tokens;

/// <summary>Keys in a file that is followed.</summary>
internal sealed class KeyFile : ISigningKeys, IFollowed
{
    private readonly string _path;
    private readonly IFileSystem _files;
    private readonly ILogger _logger;
    private readonly SettledContent _settled;
    private ImmutableArray<SecurityKey> _current;

    /// <exception cref="InvalidOperationException">The file has become wrong since the options were read.</exception>
    public KeyFile(string path, IFileSystem files, ILogger<KeyFile> logger)
    {
        (_path, _files, _logger) = (path, files, logger);
        var snapshot = FileSnapshot.Read(files, [path]);
        _settled = new SettledContent(snapshot.Digest);
        _current = TryRead(snapshot, out var keys, out var problem) ? keys : throw new InvalidOperationException($"the keys of the issuer cannot be used: {problem}");
    }

    public ImmutableArray<SecurityKey> Current => _current;

    public Task RefreshAsync() => Task.CompletedTask;

    public void Check()
    {
        var snapshot = FileSnapshot.Read(_files, [_path]);
        if (!_settled.ShouldTry(snapshot.Digest))
        {
            return;
        }

        if (TryRead(snapshot, out var keys, out var problem))
        {
            _current = keys;
            IdentityLog.Keys(_logger, keys.Length);
        }
        else
        {
            IdentityLog.NoKeys(_logger, problem);
        }
    }

    private static bool TryRead(FileSnapshot snapshot, out ImmutableArray<SecurityKey> keys, out string problem)
    {
        keys = [];
        problem = snapshot.Problem ?? "";
        if (snapshot.Problem is not null)
        {
            return false;
        }

        var isRight = KeySetReader.TryRead(snapshot.Contents[0].AsSpan(), out keys, out var wrong);
        problem = wrong ?? "";
        return isRight;
    }
}
