using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;

namespace InferenceServer.Host.Options;

/// <summary>Reads what <c>--model-repository</c> names: folders, and repositories elsewhere.</summary>
/// <param name="files">The file system, to see that folders exist.</param>
/// <param name="source">Where the values come from.</param>
/// <param name="errors">Receives what is wrong.</param>
internal sealed class RepositoriesReader(IFileSystem files, string source, List<string> errors)
{
    /// <summary>Reads the values; the environment is asked for credentials only when one is elsewhere.</summary>
    public (ImmutableArray<string> Folders, ImmutableArray<RemoteAddress> Remote, CloudCredentials Credentials) Read(IReadOnlyList<string> values)
    {
        var folders = ImmutableArray.CreateBuilder<string>();
        var remote = ImmutableArray.CreateBuilder<RemoteAddress>();
        foreach (var value in values)
        {
            if (value.Length == 0)
            {
                errors.Add($"{source}: expected a folder, s3://… or as://…, got nothing");
            }
            else if (!RemoteAddressReader.IsAddress(value))
            {
                if (!files.Directory.Exists(value))
                {
                    errors.Add($"{source}: the folder '{value}' does not exist");
                }

                folders.Add(value);
            }
            else if (RemoteAddressReader.TryRead(value, out var address, out var problem))
            {
                remote.Add(address);
            }
            else
            {
                errors.Add($"{source}: {problem}");
            }
        }

        var problems = new List<string>();
        var credentials = CloudCredentials.Read(remote.Count == 0 ? static _ => null : Environment.GetEnvironmentVariable, files.File.ReadAllBytes, problems);
        errors.AddRange(problems);
        if (problems.Count == 0)
        {
            errors.AddRange(remote.Select(credentials.FindProblem).OfType<string>());
        }

        return (folders.ToImmutable(), remote.ToImmutable(), credentials);
    }
}
