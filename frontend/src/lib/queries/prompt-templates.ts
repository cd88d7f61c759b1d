import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, getAll } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { PromptTemplate } from "@/types/api";

const PATH = "/api/prompt-templates";

export type PromptTemplateFields = Pick<PromptTemplate, "name" | "text">;

export function usePromptTemplates() {
  return useQuery({
    queryKey: queryKeys.promptTemplates,
    queryFn: ({ signal }) => getAll<PromptTemplate>(PATH, signal),
    staleTime: 60_000,
  });
}

function templatePath(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

function useRefresh() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: queryKeys.promptTemplates });
}

/** Makes a template, or changes the one with this id. */
export function useSavePromptTemplate(id: string | null) {
  return useMutation({
    mutationFn: (fields: PromptTemplateFields) =>
      id === null ? api.post(PATH, fields) : api.patch(templatePath(id), fields),
    onSuccess: useRefresh(),
  });
}

export function useDeletePromptTemplate() {
  return useMutation({
    mutationFn: (id: string) => api.delete(templatePath(id)),
    onSuccess: useRefresh(),
  });
}
