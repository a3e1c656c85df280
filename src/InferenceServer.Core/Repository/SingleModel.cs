namespace InferenceServer.Core.Repository;

/// <summary>One model that lies in a folder of its own and is called as the server is told, not as its folder is.</summary>
/// <param name="Folder">The folder: with the model's versions, with the folder that has them, or with the model's files themselves.</param>
/// <param name="Name">The model's name.</param>
public sealed record SingleModel(string Folder, string Name);
