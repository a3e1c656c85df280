using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>A repository control without repositories, for tests of what has nothing to do with them.</summary>
internal static class NoRepository
{
    public static ModelRepositoryControl Of(ModelManager manager)
    {
        var files = new MockFileSystem();
        return new ModelRepositoryControl(new RepositoryScanner(files, [], []), new OverrideFolders(files), [], manager, ModelControlMode.None, NullLogger<ModelRepositoryControl>.Instance);
    }
}
